"""Folding sightings forgets the order in which they came."""

from functools import reduce
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.model.runs import WorkflowRun, merge_run
from tests.property.strategies.run_lists import sightings

often = settings(max_examples=500)


@often
@given(first=sightings(), second=sightings())
def test_commutative(first: WorkflowRun, second: WorkflowRun) -> None:
    """Two sightings give the same run in either order."""
    assert merge_run(first, second) == merge_run(second, first)


@often
@given(first=sightings(), second=sightings(), third=sightings())
def test_associative(first: WorkflowRun, second: WorkflowRun, third: WorkflowRun) -> None:
    """It does not matter which sightings were folded before."""
    left = merge_run(merge_run(first, second), third)
    assert left == merge_run(first, merge_run(second, third))


@given(first=sightings(), second=sightings())
def test_idempotent(first: WorkflowRun, second: WorkflowRun) -> None:
    """A doubled delivery changes nothing."""
    merged = merge_run(first, second)
    assert merge_run(first, first) == first
    assert merge_run(merged, second) == merge_run(merged, first) == merged


@given(seen=st.lists(sightings(), min_size=1, max_size=4))
def test_any_order(seen: list[WorkflowRun]) -> None:
    """Any number of sightings gives one run, whatever their order."""
    assert len({reduce(merge_run, order) for order in permutations(seen)}) == 1


@given(seen=st.lists(sightings(), min_size=1, max_size=4))
def test_nothing_is_invented(seen: list[WorkflowRun]) -> None:
    """The folded run is one that was seen, and over as soon as one sighting was."""
    merged = reduce(merge_run, seen)
    assert merged.is_completed is any(run.is_completed for run in seen)
    told = [(run.status, run.conclusion, run.title) for run in seen]
    assert (merged.status, merged.conclusion, merged.title) in told
    assert merged.updated_at in [run.updated_at for run in seen]
    assert merged.jobs in [run.jobs for run in seen]


@given(seen=st.lists(sightings(), min_size=1, max_size=4))
def test_an_end_does_not_move(seen: list[WorkflowRun]) -> None:
    """An attempt ended when it was first seen to be over, and is green if every sighting was."""
    merged = reduce(merge_run, seen)
    ends = [run for run in seen if run.is_completed]
    if ends:
        assert merged.updated_at == min(run.updated_at for run in ends)
        is_green = all(run.conclusion == "success" for run in ends)
        assert (merged.conclusion == "success") is is_green
