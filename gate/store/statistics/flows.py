"""Read how flows did, of the repositories in which some of them made trouble.

Most reports tell that all went well, and to decode thousands of them takes too long. So the ones
that tell of trouble are read first, by an index of their own, and then all of the few repositories
whose flows are going to be listed. Of reports that are very long, or very many, only the newest are
read: then all is as if the period began when the first of them came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, select, text, tuple_

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import TROUBLE, FlowStatus
from gate.domain.statistics.flow_days import MOST_DAYS, lay_out
from gate.domain.statistics.metrics import measure_flaky_flows
from gate.domain.statistics.record import FlowReport, FlowResult, Period
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.unindexed import unindexed
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.visibility import only_visible
from gate.store.statistics.scope import Scope, during, of_repositories

_t: Final = validation_reports.c

Runs = frozenset[tuple[RepositoryId, RunId]]


class _Flow(msgspec.Struct, gc=False):
    """What counts of a flow; the rest, which may be long, is passed over."""

    name: str
    status: FlowStatus


class _Report(msgspec.Struct):
    flows: tuple[_Flow, ...]


_report: Final = msgspec.json.Decoder(_Report)

_Rows = list[tuple[Any, tuple[_Flow, ...]]]
"""Rows, each with the flows of its report."""


MOST_BYTES: Final = 8 * 1024 * 1024
"""Of reports that are read at once: to decode and count these takes two tenths of a second."""

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Flows:
    """The reports of a period; `since` is when the first came that was read, None if all were."""

    reports: tuple[FlowReport, ...] = ()
    since: datetime | None = None


def read_flows(snapshot: Snapshot, period: Period, scope: Scope, runs: Runs | None) -> Flows:
    """Read the reports that came in the period, of `runs` only unless that is None.

    Left out are the flows that never made trouble, and the repositories whose flows are neither
    among the flakiest nor among those with the most failures in the period's last days.
    """
    recent = _readable(snapshot, period, _of_troubled_runs(period, scope), runs)
    some = _read(snapshot, _of_troubled_runs(recent, scope), runs)
    troubled: dict[RepositoryId, set[str]] = defaultdict(set)
    for row, flows in some:
        troubled[row.repository_id].update(it.name for it in flows if it.status in TROUBLE)
    reports = _reports_of(some, troubled)
    listed = {it.repository_id for it in measure_flaky_flows(reports)}
    listed |= {it.repository_id for it in lay_out(reports, period.last_day, MOST_DAYS).rows}
    query = _of_repositories(recent, scope, listed)
    whole = _readable(snapshot, recent, query, runs)
    if whole != recent:
        # In less time others may have made the most trouble.
        found = read_flows(snapshot, whole, scope, runs)
        return Flows(found.reports, found.since or whole.since)
    since = recent.since if recent != period else None
    return Flows(_reports_of(_read(snapshot, query, runs), troubled), since)


def read_same_flows(
    snapshot: Snapshot,
    period: Period,
    scope: Scope,
    runs: Runs | None,
    flows: Collection[tuple[RepositoryId, str]],
) -> Flows:
    """Read of the reports that came in the period these flows, whether or not they made trouble."""
    names: dict[RepositoryId, set[str]] = defaultdict(set)
    for repository_id, name in flows:
        names[repository_id].add(name)
    recent = _readable(snapshot, period, _of_repositories(period, scope, names), runs)
    rows = _read(snapshot, _of_repositories(recent, scope, names), runs)
    return Flows(_reports_of(rows, names), recent.since if recent != period else None)


def _readable(snapshot: Snapshot, period: Period, query: Select[Any], runs: Runs | None) -> Period:
    """Return that end of a period whose reports are not too long to read."""
    left = MOST_BYTES
    sizes = query.with_only_columns(
        _t.repository_id, _t.run_id, _t.seen_at, func.length(_t.value).label("size")
    )
    for row in sorted(snapshot.execute(sizes), key=lambda it: it.seen_at, reverse=True):
        if runs is None or (row.repository_id, row.run_id) in runs:
            left -= row.size
        if left < 0:
            return Period(row.seen_at + _TICK, period.until)
    return period


def _query(period: Period, scope: Scope) -> Select[Any]:
    query = select(_t.repository_id, _t.run_id, _t.run_attempt, _t.seen_at, _t.value)
    return of_repositories(query.where(*during(period, _t.seen_at)), _t, scope)


def _of_repositories(
    period: Period, scope: Scope, repository_ids: Collection[RepositoryId]
) -> Select[Any]:
    return _query(period, scope).where(_t.repository_id.in_(sorted(repository_ids)))


def _of_troubled_runs(period: Period, scope: Scope) -> Select[Any]:
    """Select all reports of runs of which at least one tells of trouble."""
    # Literal, so that both databases see that the partial index serves it.
    some = select(_t.repository_id, _t.run_id).where(
        text("has_trouble"), *during(period, _t.seen_at)
    )
    troubled = only_visible(some, unindexed(_t.repository_id), scope.repositories)
    return _query(period, scope).where(tuple_(_t.repository_id, _t.run_id).in_(troubled))


def _read(snapshot: Snapshot, query: Select[Any], runs: Runs | None) -> _Rows:
    return [
        (row, _report.decode(row.value).flows)
        for row in snapshot.execute(query)
        if runs is None or (row.repository_id, row.run_id) in runs
    ]


def _reports_of(rows: _Rows, troubled: Mapping[RepositoryId, set[str]]) -> tuple[FlowReport, ...]:
    """Build the reports with the flows that made trouble."""
    found = []
    for row, flows in rows:
        names = troubled[row.repository_id]
        kept = tuple(FlowResult(it.name, it.status) for it in flows if it.name in names)
        found.append(FlowReport(row.repository_id, row.run_id, row.run_attempt, row.seen_at, kept))
    return tuple(found)
