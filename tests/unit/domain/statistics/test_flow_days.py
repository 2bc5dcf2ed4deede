"""Which flows are shown against days, and what their cells count."""

from __future__ import annotations

from dataclasses import replace

from gate.domain.model.reports import Flow, FlowStatus
from gate.domain.statistics.flow_days import MOST_DAYS, Cell, lay_out
from tests.support.builders.defaults import NOW, before
from tests.support.builders.reports import make_validation_report


def test_a_cell_counts_and_steady_flows_are_left_out() -> None:
    """A flow that did not run counts for nothing; the newest day comes last."""
    flow = make_validation_report().flows[0]

    def report(*flows: tuple[str, FlowStatus]) -> object:
        made = tuple(replace(flow, name=name, status=status) for name, status in flows)
        return replace(make_validation_report(), flows=made)

    found = lay_out(
        [
            (NOW, report(("a", FlowStatus.FAILED), ("steady", FlowStatus.PASSED))),  # type: ignore[list-item]
            (NOW, report(("a", FlowStatus.FLAKY), ("b", FlowStatus.FLAKY))),  # type: ignore[list-item]
            (before(days=1), report(("a", FlowStatus.NOT_RUN))),  # type: ignore[list-item]
            (before(days=40), report(("a", FlowStatus.FAILED))),  # type: ignore[list-item]
        ],
        NOW,
        90,
    )
    assert len(found.days) == MOST_DAYS
    assert [row.name for row in found.rows] == ["a", "b"]
    assert found.rows[0].cells[-2:] == (Cell(0, 0, 0), Cell(1, 1, 2))
    assert isinstance(flow, Flow)
