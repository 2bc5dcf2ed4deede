"""What changed from one report to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.evidence.comparison import Comparison, compare
from gate.domain.model.reports import FlowStatus
from tests.support.builders.reports import make_flow, make_validation_report

FLOWS = st.lists(
    st.builds(make_flow, st.sampled_from(["a", "b", "c"]), st.sampled_from(FlowStatus)), max_size=5
).map(tuple)


@pytest.mark.parametrize("now", FlowStatus)
@pytest.mark.parametrize("before", FlowStatus)
def test_every_change(before: FlowStatus, now: FlowStatus) -> None:
    """A failure is new or old by whether it failed before; only a pass recovers."""
    flow = make_flow("a", now)
    compared = compare(
        make_validation_report(flow, run_id=502), make_validation_report(make_flow("a", before))
    )
    failed_before, fails = before is FlowStatus.FAILED, now is FlowStatus.FAILED
    assert compared == Comparison(
        newly_failing=(flow,) if fails and not failed_before else (),
        still_failing=(flow,) if fails and failed_before else (),
        recovered=(flow,) if flow.is_pass and failed_before else (),
        previous_run_id=make_validation_report().run_id,
        previous_run_attempt=1,
    )


def test_a_flow_that_is_new_fails_newly() -> None:
    """Nobody has seen it fail before."""
    flow = make_flow("new", FlowStatus.FAILED)
    assert compare(
        make_validation_report(flow), make_validation_report(make_flow("old", FlowStatus.FAILED))
    ).newly_failing == (flow,)


def test_without_a_report_before_every_failure_is_new() -> None:
    """What it was compared with is then not known."""
    flow = make_flow("a", FlowStatus.FAILED)
    assert compare(make_validation_report(flow), None) == Comparison((flow,), (), ())


def test_namesakes_are_compared_by_their_order() -> None:
    """Of two flows of one name, the one that failed before is the old failure."""
    failed = make_flow("a", FlowStatus.FAILED)
    previous = make_validation_report(make_flow("a"), failed)
    compared = compare(make_validation_report(failed, failed), previous)
    assert (compared.newly_failing, compared.still_failing) == ((failed,), (failed,))


@given(FLOWS, FLOWS)
def test_every_failure_is_either_new_or_old(
    flows: tuple[object, ...], earlier: tuple[object, ...]
) -> None:
    """None is lost, none is told twice, and a flow that recovered fails no more."""
    report = make_validation_report(flows=flows)
    compared = compare(report, make_validation_report(flows=earlier))
    told = [*compared.newly_failing, *compared.still_failing]
    assert sorted(map(repr, told)) == sorted(map(repr, report.failed))
    assert all(flow.is_pass for flow in compared.recovered)
