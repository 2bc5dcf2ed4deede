"""Lay failing and flaky flows out against days.

Pure. Flow names are hostile text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gate.domain.model.ids import RepositoryId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.metrics import find_troubled
from gate.domain.statistics.record import FlowReport

MOST_DAYS: Final = 14
MOST_FLOWS: Final = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """How a flow did on a day."""

    failed: int
    flaky: int
    of: int


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow's days, newest first."""

    repository_id: RepositoryId
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FlowDays:
    """The flows with the most trouble, against days."""

    days: tuple[date, ...]
    rows: tuple[FlowRow, ...]


def lay_out(reports: Iterable[FlowReport], last: date, days: int) -> FlowDays:
    """Count per flow and day how many attempts failed or were flaky; steady flows are left out.

    At most `MOST_DAYS` days are shown, from the last one back.
    """
    shown = tuple(last - timedelta(days=it) for it in range(min(days, MOST_DAYS)))
    recent = [report for report in reports if report.at.date() in shown]
    troubled = find_troubled(recent)
    counted: dict[tuple[RepositoryId, str], dict[date, Counter[FlowStatus]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    for report in recent:
        day = report.at.date()
        for flow in report.flows:
            key = report.repository_id, flow.name
            if key in troubled and flow.status is not FlowStatus.NOT_RUN:
                counted[key][day][flow.status] += 1
    worst_first = sorted(troubled, key=lambda it: (-_trouble(counted[it].values()), it))
    rows = [
        FlowRow(*flow, tuple(_cell(counted[flow][day]) for day in shown))
        for flow in worst_first[:MOST_FLOWS]
    ]
    return FlowDays(shown, tuple(rows))


def _cell(seen: Counter[FlowStatus]) -> Cell:
    return Cell(seen[FlowStatus.FAILED], seen[FlowStatus.FLAKY], seen.total())


def _trouble(days: Iterable[Counter[FlowStatus]]) -> int:
    return sum(it[FlowStatus.FAILED] + it[FlowStatus.FLAKY] for it in days)
