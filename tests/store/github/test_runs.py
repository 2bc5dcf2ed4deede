"""Sightings of runs are folded whatever their order, and the few that can matter are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.runs import Job, WorkflowRun
from gate.store.engine.database import Database
from gate.store.github.runs import (
    candidate_runs,
    last_changes,
    newest_attempt,
    read_run,
    record_jobs,
    record_run,
)
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import (
    BRANCH,
    FORK,
    NOW,
    REPOSITORY,
    TERRAFORM,
    VALIDATION,
    before,
)
from tests.support.builders.runs import make_infrastructure, make_job, make_run
from tests.support.threads import at_once

QUEUED = make_run(status="queued", conclusion=None, updated_at=before(minutes=59))
RUNNING = make_run(status="in_progress", conclusion=None, updated_at=before(minutes=58))
GREEN = make_run()
WITH_JOBS = make_run(jobs=(make_job(), make_job("more")))


def see(database: Database, *seen: WorkflowRun) -> None:
    """Record sightings, one transaction each."""
    for run in seen:
        database.transact(lambda tx, it=run: record_run(tx, it, NOW))  # type: ignore[misc]


def see_jobs(database: Database, *jobs: Job) -> None:
    """Record the jobs of a run attempt."""
    database.transact(lambda tx: record_jobs(tx, REPOSITORY, RunId(501), 1, jobs=jobs, seen_at=NOW))


def known(database: Database, run_id: int = 501, attempt: int = 1) -> WorkflowRun | None:
    """Read a run attempt."""
    return database.read(lambda snapshot: read_run(snapshot, REPOSITORY, RunId(run_id), attempt))


def changes(database: Database, now: datetime = NOW) -> list[int]:
    """Name the infrastructure runs that may end last: one that has ended, one that has not."""
    found = database.read(
        lambda it: last_changes(it, REPOSITORY, TERRAFORM, branch=BRANCH, now=now)
    )
    return [run.run_id for run in found]


def candidates(database: Database, **changes: Any) -> list[int]:
    """Name the runs that may count as a validation, in order."""
    asked: dict[str, Any] = {"branch": BRANCH, "events": ("push", "schedule")} | changes
    found = database.read(
        lambda snapshot: candidate_runs(snapshot, REPOSITORY, VALIDATION, **asked)
    )
    return [run.run_id for run in found]


def test_a_run_is_read_as_it_was_seen(database: Database) -> None:
    """Nothing of a run is lost on its way through the database."""
    run = make_run(
        head_branch=None,
        head_repository_id=None,
        actor=None,
        title="Fix “quotes” \U0001f680",
        updated_at=NOW + timedelta(microseconds=1),
        jobs=(make_job(), make_job("b", None, status="queued")),
    )
    see(database, run)
    assert known(database) == run


def test_an_unknown_run_is_none(database: Database) -> None:
    """Of a run that was never seen nothing is known."""
    assert known(database) is None
    assert database.read(lambda it: newest_attempt(it, REPOSITORY, RunId(501))) is None
    assert changes(database) == []


@pytest.mark.parametrize("order", list(permutations((QUEUED, RUNNING, GREEN, WITH_JOBS))))
def test_the_order_of_sightings_does_not_matter(
    database: Database, order: tuple[WorkflowRun, ...]
) -> None:
    """Whatever comes first, the run that is further along stands in the end, with its jobs."""
    see(database, *order)
    assert known(database) == WITH_JOBS


def test_record_run_gives_what_is_known_now(database: Database) -> None:
    """Whoever records an old sighting is told the newer state."""
    see(database, GREEN)
    assert database.transact(lambda tx: record_run(tx, QUEUED, NOW)) == GREEN


def test_sightings_from_many_threads_are_all_folded_in(open_database: OpenDatabase) -> None:
    """Two nodes that see a run at once lose neither sighting, whichever commits first."""
    nodes = [open_database(), open_database()]
    seen = [QUEUED, WITH_JOBS, RUNNING, GREEN] * 3
    works = [
        lambda it=run, node=nodes[number % 2]: node.transact(lambda tx: record_run(tx, it, NOW))
        for number, run in enumerate(seen)
    ]
    at_once(works)
    assert known(nodes[0]) == WITH_JOBS


def test_attempts_are_kept_apart(database: Database) -> None:
    """A re-run does not overwrite the attempt before it, and is the newest attempt."""
    again = make_run(run_attempt=2, conclusion="failure")
    see(database, again, GREEN)
    assert known(database) == GREEN
    assert database.read(lambda it: newest_attempt(it, REPOSITORY, RunId(501))) == again


def test_candidates_are_the_newest_by_start(database: Database) -> None:
    """The five newest starts are found; of equal ones the higher run and attempt come first."""
    for number in range(1, 8):
        see(database, make_run(run_id=RunId(number), started_at=before(hours=number)))
    see(database, make_run(run_id=RunId(90), started_at=before(hours=1)))
    assert candidates(database) == [90, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "changes",
    [
        {"path": TERRAFORM},
        {"repository_id": FORK},
        {"head_repository_id": FORK},
        {"head_repository_id": None},
        {"head_branch": "feature"},
        {"head_branch": None},
        {"event": "pull_request"},
    ],
    ids=lambda changes: "{}={}".format(*next(iter(changes.items()))),
)
def test_what_cannot_count_is_no_candidate(database: Database, changes: dict[str, Any]) -> None:
    """A run that differs in one thing every counting run has is left out."""
    see(database, make_run(run_id=RunId(1), **changes), make_run(run_id=RunId(2)))
    assert candidates(database) == [2]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "brand_new", None])
def test_candidates_are_not_narrowed_by_how_they_ended(
    database: Database, conclusion: str | None
) -> None:
    """A red or unfinished run is found like a green one: the domain must see it."""
    see(database, make_run(status="completed", conclusion=conclusion))
    assert candidates(database) == [501]


def test_only_the_events_asked_for(database: Database) -> None:
    """Without events nothing counts; one event leaves out the others."""
    see(database, make_run(run_id=RunId(1)), make_run(run_id=RunId(2), event="schedule"))
    assert candidates(database, events=()) == []
    assert candidates(database, events=("schedule",)) == [2]


def test_a_rerun_that_moves_its_start_moves_up(database: Database) -> None:
    """A later sighting's start is what the order goes by."""
    see(database, make_run(run_id=RunId(1), started_at=before(hours=5), status="queued"))
    see(database, make_run(run_id=RunId(2), started_at=before(hours=2)))
    see(database, make_run(run_id=RunId(1), started_at=before(hours=1), conclusion="failure"))
    assert candidates(database) == [1, 2]


def test_the_change_that_ended_last(database: Database) -> None:
    """However it ended; plans of pull requests, other branches, files and forks are left out."""
    see(
        database,
        make_infrastructure(run_id=RunId(1), updated_at=before(hours=4)),
        make_infrastructure(run_id=RunId(2), updated_at=before(hours=3), conclusion="failure"),
        make_infrastructure(run_id=RunId(3), updated_at=NOW, head_branch="other"),
        make_infrastructure(run_id=RunId(4), updated_at=NOW, head_repository_id=FORK),
        make_infrastructure(run_id=RunId(5), updated_at=NOW, event="pull_request"),
        make_infrastructure(run_id=RunId(6), updated_at=NOW, event="pull_request_target"),
        make_run(run_id=RunId(7), updated_at=NOW),
        make_infrastructure(run_id=RunId(8), updated_at=NOW, repository_id=RepositoryId(5)),
        make_infrastructure(run_id=RunId(9), updated_at=NOW, conclusion="skipped"),
    )
    assert changes(database) == [2]
    again = make_infrastructure(run_id=9, run_attempt=2, updated_at=NOW, conclusion="skipped")
    see(database, again)
    assert changes(database) == [9]


def test_a_change_that_is_not_over(database: Database) -> None:
    """The newest of them, unless a later attempt of its run is known, or it is older than any."""
    running: dict[str, Any] = {"status": "in_progress", "conclusion": None}
    first = make_infrastructure(run_id=RunId(2), started_at=before(hours=2), **running)
    see(
        database,
        make_infrastructure(run_id=RunId(1), updated_at=before(hours=4)),
        first,
        make_infrastructure(run_id=RunId(3), started_at=before(hours=3), **running),
    )
    assert changes(database) == [1, 2]
    see(database, replace(first, run_attempt=2, status="completed", conclusion="failure"))
    assert changes(database) == [2, 3]
    assert changes(database, NOW + timedelta(days=35)) == [2]


def test_jobs_are_added_to_a_known_run(database: Database) -> None:
    """The jobs of a run are kept with it, and survive another sighting without jobs."""
    see(database, GREEN)
    jobs = (make_job(), make_job("lint", "failure"))
    see_jobs(database, *jobs)
    see(database, GREEN)
    assert known(database) == make_run(jobs=jobs)


@pytest.mark.parametrize(
    "early",
    [
        (make_job("lint", "failure"),),
        (make_job("lint", "failure"), make_job("validate", None, status="in_progress")),
    ],
    ids=["lacks a job", "lacks an end"],
)
def test_lists_of_jobs_are_merged(database: Database, early: tuple[Job, ...]) -> None:
    """Of two lists the fuller stays, whichever node writes last."""
    full = (make_job("lint", "failure"), make_job("validate"))
    see(database, GREEN)
    for jobs in (full, early):
        see_jobs(database, *jobs)
    assert known(database) == make_run(jobs=full)


def test_jobs_of_an_unknown_run_are_not_kept(database: Database) -> None:
    """Jobs alone make no run."""
    see_jobs(database, make_job())
    assert known(database) is None
