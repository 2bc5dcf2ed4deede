"""Which flows are shown against days, and what their cells count."""

from __future__ import annotations

from datetime import datetime

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.flow_days import MOST_DAYS, Cell, lay_out
from gate.domain.statistics.record import FlowReport, FlowResult
from tests.support.builders.defaults import NOW, before


def test_a_cell_counts_and_steady_flows_are_left_out() -> None:
    """A flow that did not run counts for nothing; the newest day comes first."""

    def report(at: datetime, *flows: tuple[str, FlowStatus]) -> FlowReport:
        results = tuple(FlowResult(*it) for it in flows)
        return FlowReport(RepositoryId(1), RunId(1), 1, at, results)

    found = lay_out(
        [
            report(NOW, ("a", FlowStatus.FAILED), ("steady", FlowStatus.PASSED)),
            report(NOW, ("a", FlowStatus.FLAKY), ("b", FlowStatus.FLAKY)),
            report(before(days=1), ("a", FlowStatus.NOT_RUN)),
            report(before(days=40), ("a", FlowStatus.FAILED)),
        ],
        NOW.date(),
        90,
    )
    assert len(found.days) == MOST_DAYS
    assert [row.name for row in found.rows] == ["a", "b"]
    assert found.rows[0].cells[:2] == (Cell(1, 1, 2), Cell(0, 0, 0))
