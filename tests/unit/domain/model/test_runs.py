"""How sightings of a run are read and folded."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from gate.domain.model.runs import (
    WorkflowRun,
    merge_jobs,
    merge_run,
    parse_workflow_path,
    workflow_file,
)
from tests.support.builders.defaults import TICK, before
from tests.support.builders.runs import make_job, make_run

SEEN = before(minutes=50)
JOBS = (make_job(),)


@pytest.mark.parametrize(
    ("path", "parsed"),
    [
        (".github/workflows/x.yml", ".github/workflows/x.yml"),
        (".github/workflows/x.yml@main", ".github/workflows/x.yml"),
        (".github/workflows/x.yml@refs/heads/a@b", ".github/workflows/x.yml"),
        ("acme/shop/.github/workflows/x.yml@main", "acme/shop/.github/workflows/x.yml"),
        ("octo/web/.github/workflows/x.yml@main", ".github/workflows/x.yml"),
        ("Octo/Web/.github/workflows/x.yml@main", ".github/workflows/x.yml"),
        ("", ""),
    ],
)
def test_workflow_path(path: str, parsed: str) -> None:
    """A path loses its ref and its own repository, but never the name of another one."""
    assert parse_workflow_path(path, "octo/web") == parsed


@pytest.mark.parametrize("name", ["x.yml", ".github/workflows/x.yml"])
def test_workflow_file(name: str) -> None:
    """A policy may name a workflow by its file name or by its path."""
    assert workflow_file(name) == ".github/workflows/x.yml"


def test_first_sighting() -> None:
    """The first sighting is taken as it is."""
    run = make_run()
    assert merge_run(None, run) is run


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"status": "requested"}, {"status": "queued"}),
        ({"status": "queued"}, {"status": "pending"}),
        ({"status": "pending"}, {"status": "waiting"}),
        ({"status": "waiting"}, {"status": "in_progress"}),
        ({"status": "in_progress"}, {"status": "brand_new"}),
        ({"status": "brand_new"}, {"status": "completed"}),
        ({"status": "in_progress"}, {"status": "completed"}),
    ],
)
@pytest.mark.parametrize("clock", [TICK, -TICK, TICK * 0])
def test_further_along_wins(
    older: dict[str, object], newer: dict[str, object], clock: timedelta
) -> None:
    """The sighting that is further along wins, even if another claims to be younger."""
    first = make_run(conclusion=None, updated_at=SEEN, **older)
    second = make_run(conclusion=None, updated_at=SEEN + clock, **newer)
    assert merge_run(first, second) == merge_run(second, first) == second


def test_later_update_wins() -> None:
    """Of sightings equally far along, before the end, the later update wins."""
    first = make_run(status="in_progress", conclusion=None)
    second = replace(first, updated_at=SEEN + TICK, title="renamed")
    assert merge_run(first, second) == merge_run(second, first) == second


def test_an_end_does_not_move() -> None:
    """GitHub changes `updated_at` of finished runs weeks later: nothing ended then."""
    ended, touched = make_run(updated_at=SEEN), make_run(updated_at=SEEN + timedelta(days=20))
    assert merge_run(ended, touched) == merge_run(touched, ended) == ended


@pytest.mark.parametrize(
    ("one", "other", "stands"),
    [
        ("failure", "skipped", "failure"),
        ("failure", "neutral", "failure"),
        ("failure", "cancelled", "failure"),
        ("timed_out", "stale", "timed_out"),
        ("cancelled", "skipped", "cancelled"),
        ("cancelled", "success", "cancelled"),
        ("success", "skipped", "success"),
    ],
)
def test_a_skipped_end_hides_no_other(one: str, other: str, stands: str) -> None:
    """It would be passed over, and a failure with it."""
    first, second = make_run(conclusion=one), make_run(conclusion=other)
    assert merge_run(first, second).conclusion == stands
    assert merge_run(second, first).conclusion == stands


def test_of_two_ends_the_worse_stands() -> None:
    """A green that GitHub takes back is none, and it is none since its end."""
    green = make_run(updated_at=SEEN)
    red = make_run(updated_at=SEEN + TICK, conclusion="failure")
    merged = merge_run(green, red)
    assert merged == merge_run(red, green)
    assert (merged.conclusion, merged.updated_at) == ("failure", SEEN)


def test_equal_sightings_that_differ() -> None:
    """Sightings that contradict each other at the same instant are folded in a fixed order."""
    first, second = make_run(conclusion="failure"), make_run()
    assert merge_run(first, second) == merge_run(second, first)


@pytest.mark.parametrize("clock", [TICK, -TICK, TICK * 0])
def test_jobs_are_kept(clock: timedelta) -> None:
    """Jobs once read are kept when another sighting of the completed run has none."""
    read, seen = make_run(jobs=JOBS), make_run(updated_at=SEEN + clock)
    merged = merge_run(read, seen)
    assert merged.jobs == JOBS
    assert merged.updated_at == min(read.updated_at, seen.updated_at)
    assert merge_run(seen, read) == merged


def test_jobs_before_the_end_do_not_count() -> None:
    """Jobs read while the run was going on say nothing about how it ended."""
    early = make_run(status="in_progress", conclusion=None, jobs=JOBS)
    assert merge_run(early, make_run()).jobs is None
    assert merge_run(make_run(), early).jobs is None


def test_jobs_of_any_order() -> None:
    """Three sightings with different jobs give the same run in whatever order they come."""
    runs = (
        make_run(updated_at=SEEN, jobs=(make_job(conclusion="failure"),)),
        make_run(updated_at=SEEN + TICK, jobs=JOBS),
        make_run(updated_at=SEEN + 2 * TICK),
    )
    assert len({_folded(order) for order in permutations(runs)}) == 1


def test_longer_list_of_jobs() -> None:
    """A list of jobs that lacks one was read too early, and gives way."""
    whole = (make_job("alerts", "failure"), make_job())
    early = make_run(updated_at=SEEN + TICK, jobs=JOBS)
    merged = merge_run(make_run(jobs=whole), early)
    assert merged == merge_run(early, make_run(jobs=whole))
    assert merged.jobs == whole


def _folded(runs: tuple[WorkflowRun, ...]) -> WorkflowRun:
    merged: WorkflowRun | None = None
    for run in runs:
        merged = merge_run(merged, run)
    assert merged is not None
    return merged


def test_of_two_lists_the_one_with_more_ends_is_kept() -> None:
    """It was read later: the other may lack the failure of a job."""
    ended = (make_job(conclusion="failure"), make_job("lint"))
    early = (make_job(status="in_progress", conclusion=None), make_job("lint"))
    assert merge_jobs(early, ended) == merge_jobs(ended, early) == ended
    longer = (*early, make_job("report"))
    assert merge_jobs(longer, ended) == merge_jobs(ended, longer) == longer
    assert merge_jobs(None, ()) == merge_jobs((), None) == ()
