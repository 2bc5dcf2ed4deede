"""Lay failing and flaky flows out against days.

Pure. Flow names are hostile text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from gate.domain.model.ids import RepositoryId
from gate.domain.model.reports import FlowStatus, ValidationReport

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
    """A flow's days, oldest first."""

    repository_id: RepositoryId
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FlowDays:
    """The flows with the most trouble, against days."""

    days: tuple[date, ...]
    rows: tuple[FlowRow, ...]


def lay_out(
    reports: Iterable[tuple[datetime, ValidationReport]], until: datetime, days: int
) -> FlowDays:
    """Count per flow and day how many attempts failed or were flaky; steady flows are left out."""
    last = until.date()
    shown = tuple(last - timedelta(days=it) for it in reversed(range(min(days, MOST_DAYS))))
    counted: dict[tuple[RepositoryId, str], dict[date, Counter[FlowStatus]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    for at, report in reports:
        for flow in report.flows:
            if flow.status is not FlowStatus.NOT_RUN and at.date() in shown:
                counted[report.repository_id, flow.name][at.date()][flow.status] += 1
    rows = [
        FlowRow(repository_id, name, tuple(_cell(seen.get(day, Counter())) for day in shown))
        for (repository_id, name), seen in counted.items()
    ]
    troubled = [it for it in rows if _trouble(it)]
    troubled.sort(key=lambda it: (-_trouble(it), it.repository_id, it.name))
    return FlowDays(shown, tuple(troubled[:MOST_FLOWS]))


def _cell(seen: Counter[FlowStatus]) -> Cell:
    return Cell(seen[FlowStatus.FAILED], seen[FlowStatus.FLAKY], seen.total())


def _trouble(row: FlowRow) -> int:
    return sum(it.failed + it.flaky for it in row.cells)
