"""Measure a period the slow and obvious way: read all rows whole, and count in plain Python.

It shares no query and no arithmetic with what it checks.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, select

from gate.domain.incidents.events import Acknowledged, Decided
from gate.domain.model.course import Course
from gate.domain.model.reports import FlowStatus, ValidationReport
from gate.domain.statistics.record import Period
from gate.store.engine.codec import decode_decision, decode_incident, decode_report
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.incidents import incident_events, incidents
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.incidents.incidents import decode_event
from gate.store.statistics.scope import Scope

_FAILED: Final = {"failure", "timed_out", "startup_failure"}
_UNDECIDED: Final = {"open", "waiting", "answering"}
_CLOSED: Final = {"lapsed", "resolved_elsewhere", "unanswerable"}
_ENDS: Final = {"request.closed", "bypass.detected", "review.refused"}


class SlowStatistics:
    """Everything that is on record, and the figures of a period in a scope."""

    def __init__(self, snapshot: Snapshot, period: Period, scope: Scope) -> None:
        """Read all rows, and keep those that the reader may see and asked for."""
        self._period = period
        self._scope = scope

        def rows(table: Table) -> list[Any]:
            found = list(snapshot.execute(select(table)))
            if not hasattr(table.c, "repository_id"):
                return found
            return [row for row in found if self._is_wanted(row)]

        self._requests = sorted(rows(gate_requests), key=lambda it: it.id)
        self._decisions = rows(decisions)
        self._trail = rows(audit_entries)
        self._incidents = sorted(rows(incidents), key=lambda it: it.id)
        self._events = sorted(rows(incident_events), key=lambda it: it.position)
        self._runs = rows(runs)
        self._reports = rows(validation_reports)

    def figures(self) -> dict[str, object]:
        """Return the figures under the keys that the document of `gate stats` has."""
        return {
            "validation_pass_rate": self._pass_rate(),
            **self._of_incidents(),
            "time_held": self._held(self._holds()),
            "environments": {
                name: self._held([it for it in self._holds() if it[0] == name])
                for name in {it[0] for it in self._holds()}
            },
            "overrides": self._released("override.recorded"),
            "bypasses": self._released("bypass.detected"),
            "flaky_flows": self._flaky(),
        }

    def _is_wanted(self, row: Any) -> bool:
        scope = self._scope
        if not scope.visible.includes(row.repository_id):
            return False
        if scope.repository_id not in {None, row.repository_id}:
            return False
        named = getattr(row, "environment_key", None) or getattr(row, "environment", None)
        wanted = scope.environment
        return wanted is None or named is None or named.lower() == wanted.lower()

    def _is_in(self, at: datetime) -> bool:
        return self._period.since <= at < self._period.until

    def _has_come(self, at: datetime | None) -> bool:
        return at is not None and at < self._period.until

    def _attempts(self) -> Iterator[Any]:
        """Yield the attempts of each place's validation."""
        evidence = {it.id: decode_decision(it.decision).evidence for it in self._decisions}
        decided = {
            (it.repository_id, it.environment_key): evidence[it.decision_id]
            for it in self._requests
            if it.decision_id is not None
        }
        failed = {(it.repository_id, it.environment_key): it for it in self._incidents}
        workflows = set()
        for place in {*decided, *failed}:
            rests_on = decided.get(place)
            if rests_on is not None and rests_on.run is not None:
                workflows.add(_workflow(rests_on.run))
            elif place in failed:
                run_id = decode_incident(failed[place].value).failure.run_id
                workflows |= {
                    _workflow(it)
                    for it in self._runs
                    if (it.repository_id, it.run_id) == (place[0], run_id)
                }
        for run in self._runs:
            is_own = run.head_repository_id == run.repository_id
            if is_own and _workflow(run) in workflows:
                yield run

    def _pass_rate(self) -> tuple[int, int]:
        conclusions = [it.conclusion for it in self._attempts() if self._is_in(it.started_at)]
        passed = conclusions.count("success")
        return passed, passed + sum(it in _FAILED for it in conclusions)

    def _of_incidents(self) -> dict[str, object]:
        opened = [it for it in self._incidents if self._is_in(it.opened_at)]
        deeds: dict[int, list[Any]] = defaultdict(list)
        for row in self._events:
            kinds = {"acknowledged", "decided", "silenced", "overridden", "resolved"}
            if row.kind in kinds and row.actor != "gate":
                deeds[row.incident_id].append(decode_event(row))
        over = [it for it in opened if self._has_come(it.resolved_at)]
        done = {it.id: [deed for deed in deeds[it.id] if self._has_come(deed.at)] for it in opened}
        mends = {Course.ROLLBACK, Course.FIX_FORWARD}
        needless = [
            it
            for it in over
            if decode_incident(it.value).how == "validation_passed"
            and not any(isinstance(d.what, Decided) and d.what.course in mends for d in done[it.id])
        ]
        return {
            "incidents": (len(opened), len(opened) - len(over)),
            "time_to_acknowledge": self._response(opened, deeds, Acknowledged | Decided),
            "time_to_decide": self._response(opened, deeds, Decided),
            "time_to_resolve": _spread([it.resolved_at - it.opened_at for it in over]),
            "false_positive_rate": (len(needless), len(over)),
            "incidents_acted_on": (sum(bool(done[it.id]) for it in opened), len(opened)),
        }

    def _response(self, opened: list[Any], deeds: dict[int, list[Any]], kind: Any) -> object:
        times = []
        for incident in opened:
            found = [it.at for it in deeds[incident.id] if isinstance(it.what, kind)]
            if found and self._has_come(found[0]):
                times.append(max(found[0] - incident.opened_at, timedelta(0)))
        return _spread(times)

    def _holds(self) -> list[tuple[str, datetime, datetime | None]]:
        held = {it.request_id for it in self._decisions if it.verdict == "wait"}
        found = []
        for it in self._requests:
            if it.id not in held or not self._is_in(it.opened_at):
                continue
            ended = [
                entry.at
                for entry in self._trail
                if (entry.repository_id, entry.run_id, entry.run_attempt, entry.environment)
                == (it.repository_id, it.run_id, it.run_attempt, it.environment)
                if entry.kind in _ENDS
            ]
            until = (
                it.answered_at if it.state in {"approved", "rejected"} else max(ended, default=None)
            )
            until = None if it.state in _UNDECIDED else until
            if it.ended_at is None and it.state in _CLOSED:
                # An older version closed it, and its end counts for nothing.
                continue
            found.append((it.environment_key, it.waiting_since, until))
        return found

    def _held(self, holds: list[tuple[str, datetime, datetime | None]]) -> object:
        ended, ongoing = [], []
        for _, since, until in holds:
            if until is not None and until < self._period.until:
                ended.append(max(until - since, timedelta(0)))
            else:
                # A late job may have opened it again after the period.
                ongoing.append(max(self._period.until - since, timedelta(0)))
        total = sum([*ended, *ongoing], timedelta(0))
        return _spread(ended), len(ongoing), total

    def _released(self, kind: str) -> int:
        return len(
            {
                (it.repository_id, it.run_id, it.run_attempt, it.environment.lower())
                for it in self._trail
                if it.kind == kind and self._is_in(it.at)
            }
        )

    def _flaky(self) -> list[tuple[int, str, int, int]]:
        of_environment = {(it.repository_id, it.run_id) for it in self._attempts()}
        by_run: dict[tuple[int, str], dict[int, list[FlowStatus]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in sorted(self._reports, key=lambda it: it.run_attempt):
            is_counted = (row.repository_id, row.run_id) in of_environment
            if not self._is_in(row.seen_at) or not (is_counted or self._scope.environment is None):
                continue
            report: ValidationReport = decode_report(row.value)
            for flow in report.flows:
                if flow.status != "not_run":
                    by_run[row.repository_id, flow.name][row.run_id].append(flow.status)
        found = [
            (repository, name, sum(map(_is_flaky, of_runs.values())), len(of_runs))
            for (repository, name), of_runs in by_run.items()
        ]
        flaky = [it for it in found if it[2]]
        return sorted(flaky, key=lambda it: (-it[2], it[0], it[1]))[:20]


def _workflow(run: Any) -> tuple[object, ...]:
    return run.repository_id, run.path, run.head_branch


def _is_flaky(statuses: list[FlowStatus]) -> bool:
    words = [it.value for it in statuses]
    if "flaky" in words:
        return True
    has_failed = False
    for word in words:
        if has_failed and word != "failed":
            return True
        has_failed = has_failed or word == "failed"
    return False


def _spread(times: list[timedelta]) -> tuple[int, timedelta | None, timedelta | None]:
    if not times:
        return 0, None, None
    ordered = sorted(times)
    rank = next(it for it in range(1, len(ordered) + 1) if 10 * it >= 9 * len(ordered))
    middle: Any = statistics.median(ordered)  # type: ignore[type-var]  # a timedelta can be halved
    return len(ordered), middle, ordered[rank - 1]
