"""Runs, jobs and pending environments are read as GitHub has them, over HTTP."""

from __future__ import annotations

import pytest

from gate.domain.model.ids import RunId
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import Refused
from gate.simulator.switches import Switches
from tests.support.github_stage import MINT, REPOSITORY, VALIDATION, Stage


def test_a_run_is_read(either: Stage) -> None:
    """A run is read by id, the newest attempt or an earlier one."""
    run_id = RunId(either.github.validate(REPOSITORY, "failure"))
    either.github.rerun(run_id)
    newest = either.client.actions.read_run(either.address, run_id)
    first = either.client.actions.read_run_attempt(either.address, run_id, 1)
    assert newest is not None
    assert first is not None
    assert (newest.run_attempt, newest.conclusion) == (2, None)
    assert (first.run_attempt, first.conclusion, first.path) == (1, "failure", VALIDATION)
    assert first.head_repository_id == first.repository_id == either.address.repository_id


def test_runs_are_listed_by_file_and_branch(either: Stage) -> None:
    """Only runs of the file on the branch are given, and all that there are."""
    wanted = either.github.validate(REPOSITORY)
    either.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    either.github.validate(REPOSITORY, workflow="other.yml")
    on_main = either.client.actions.read_runs(either.address, ListingNeeded(VALIDATION, "main"))
    assert on_main is not None
    assert [run.run_id for run in on_main.runs] == [wanted]
    assert on_main.since is None


def test_a_stale_filter_of_githubs_hides_nothing(stage: Stage) -> None:
    """Runs are chosen here: a listing that GitHub filters may lack the newest ones."""
    stage.github.set_switches(Switches(filtered_listings="stale"))
    wanted = stage.github.validate(REPOSITORY)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]


@pytest.mark.parametrize(
    ("others", "found", "reaches_all", "calls"),
    [(40, True, True, 1), (120, True, True, 2), (240, False, False, 2)],
)
def test_runs_of_other_branches_are_passed_over(
    stage: Stage, others: int, *, found: bool, reaches_all: bool, calls: int
) -> None:
    """Two pages are read at most, and how far they reach is told."""
    wanted = stage.github.validate(REPOSITORY)
    for _ in range(others):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    before = stage.calls() - stage.calls(MINT)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == ([wanted] if found else [])
    assert (listed.since is None) is reaches_all
    assert stage.calls() - stage.calls(MINT) - before == calls


def test_one_page_is_enough_where_it_shows_the_branch(stage: Stage) -> None:
    """Older runs cannot decide: the listing tells since when it is whole."""
    for _ in range(100):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    stage.github.advance(60)
    for _ in range(99):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    wanted = stage.github.validate(REPOSITORY)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]
    assert listed.since is not None
    assert listed.since <= listed.runs[0].started_at


def test_waiting_runs_are_read_to_the_last_page(stage: Stage) -> None:
    """More runs than one page holds wait; all are found."""
    waiting = {it.run_id for it in stage.github.deploy_many(REPOSITORY, 130)}
    stage.github.validate(REPOSITORY)
    found = stage.client.actions.read_waiting_runs(stage.address)
    assert {run.run_id for run in found} == waiting
    assert {run.status for run in found} == {"waiting"}


def test_jobs_are_read_to_the_last_page(stage: Stage) -> None:
    """A required job on the third page is not missed."""
    jobs = {f"flow {number}": "success" for number in range(230)}
    run_id = RunId(stage.github.validate(REPOSITORY, jobs=jobs))
    found = stage.client.actions.read_jobs(stage.address, run_id)
    assert {(it.name, it.status, it.conclusion) for it in found} == {
        (name, "completed", "success") for name in jobs
    }
    with pytest.raises(Refused, match="not_found"):
        stage.client.actions.read_jobs(stage.address, RunId(run_id + 1))


def test_pending_environments_are_folded(stage: Stage) -> None:
    """GitHub compares the names of environments without regard to case."""
    stage.github.protect_environment(REPOSITORY, "Staging/EU West")
    run_id = RunId(stage.github.deploy(REPOSITORY, "Staging/EU West").run_id)
    pending = stage.client.actions.read_pending_environments(stage.address, run_id)
    assert pending == {"staging/eu west": "Staging/EU West"}
