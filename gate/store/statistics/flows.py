"""Read how flows did, of the repositories in which some of them made trouble.

Most reports tell that all went well, and to decode thousands of them takes too long. So the ones
that tell of trouble are read first, by an index of their own, and then all of the few repositories
whose flows are going to be listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Select, select, text, tuple_

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import TROUBLE, FlowStatus
from gate.domain.statistics.flow_days import MOST_DAYS, lay_out
from gate.domain.statistics.metrics import measure_flaky_flows
from gate.domain.statistics.record import FlowReport, FlowResult, Period
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.unindexed import unindexed
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


def read_flows(
    snapshot: Snapshot, period: Period, scope: Scope, runs: Runs | None
) -> tuple[FlowReport, ...]:
    """Read the reports that came in the period, of `runs` only unless that is None.

    Left out are the flows that never made trouble, and the repositories whose flows are neither
    among the flakiest nor among those with the most failures in the period's last days.
    """
    some = _read(snapshot, _of_troubled_runs(period, scope), runs)
    troubled: dict[RepositoryId, set[str]] = defaultdict(set)
    for row, flows in some:
        troubled[row.repository_id].update(it.name for it in flows if it.status in TROUBLE)
    reports = _reports_of(some, troubled)
    listed = {it.repository_id for it in measure_flaky_flows(reports)}
    listed |= {it.repository_id for it in lay_out(reports, period.last_day, MOST_DAYS).rows}
    if not listed:
        return ()
    query = _query(period, scope).where(_t.repository_id.in_(sorted(listed)))
    return _reports_of(_read(snapshot, query, runs), troubled)


def _query(period: Period, scope: Scope) -> Select[Any]:
    query = select(_t.repository_id, _t.run_id, _t.run_attempt, _t.seen_at, _t.value)
    return of_repositories(query.where(*during(period, _t.seen_at)), _t, scope)


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
