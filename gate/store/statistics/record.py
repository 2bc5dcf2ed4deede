"""Read from the record what the metrics of a period are made of.

Everything is found by an index on time or on a repository, so that a look costs what happened in
the period, not what was ever kept. What is kept how long, `gate.store.retention` says: of requests,
runs and reports there are five weeks, of incidents and of the trail all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, select, text

from gate.domain.incidents.alert_plan import Announcement
from gate.domain.incidents.events import IncidentEvent
from gate.domain.model.access import Visible
from gate.domain.model.ids import IncidentId, RepositoryId, RunId, environment_key
from gate.domain.model.reports import ValidationReport
from gate.domain.model.request import UNDECIDED, RequestState
from gate.domain.model.runs import WorkflowRun
from gate.domain.statistics.record import Hold, IncidentStory, Period, Record
from gate.store.engine.codec import decode_decision, decode_incident, decode_report
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.incidents import incident_events, incidents
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.github import runs as run_rows
from gate.store.incidents.incidents import decode_event

_DEEDS: Final = ("acknowledged", "decided", "silenced", "overridden", "resolved")
_OVERRIDDEN: Final = "override.recorded"
_BYPASSED: Final = "bypass.detected"
_ENDS: Final = ("request.closed", _BYPASSED)
_ANSWERED: Final = frozenset({RequestState.APPROVED, RequestState.REJECTED})

_said: Final = msgspec.json.Decoder(tuple[Announcement, ...])
_q: Final = gate_requests.c
_a: Final = audit_entries.c


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the record is looked at: what its reader may see of it; None is all of that."""

    visible: Visible
    repository_id: RepositoryId | None = None
    environment: str | None = None

    @property
    def environment_key(self) -> str | None:
        """Return the environment's name as it identifies it."""
        return environment_key(self.environment) if self.environment is not None else None


@dataclass(frozen=True, slots=True)
class _Workflow:
    """A workflow on a branch by which the gate judged production."""

    repository_id: RepositoryId
    path: str
    branch: str | None


@dataclass(frozen=True, slots=True)
class _Requests:
    """What is kept of the requests: how long they waited, and the newest decision of each place."""

    holds: tuple[Hold, ...]
    decision_ids: Collection[int]


def read_record(snapshot: Snapshot, period: Period, scope: Scope) -> Record:
    """Read all that the metrics of a period are made of.

    The validations are those by which the gate judged in the period: the workflow and branch of
    each environment's newest decision and newest incident.
    """
    stories = _read_stories(snapshot, period, scope)
    requests = _read_requests(snapshot, period, scope)
    workflows = {
        _Workflow(run.repository_id, run.path, run.head_branch)
        for run in (*_judged(snapshot, requests.decision_ids), *_failed(snapshot, stories))
    }
    attempts = [row for it in workflows for row in _read_attempts(snapshot, period, it)]
    of_runs = {(row.repository_id, row.run_id) for row in attempts}
    overrides, bypasses = count_releases(snapshot, period, scope)
    return Record(
        conclusions=tuple(row.conclusion for row in attempts),
        stories=stories,
        holds=requests.holds,
        overrides=overrides,
        bypasses=bypasses,
        reports=tuple(
            report
            for report in _read_reports(snapshot, period, scope)
            # A report names no environment; its workflow belongs to one.
            if scope.environment is None or (report.repository_id, report.run_id) in of_runs
        ),
    )


def _of_repositories(query: Select[Any], table: Any, scope: Scope) -> Select[Any]:  # noqa: ANN401 - a table's columns
    """Narrow a query of a table that names a repository."""
    if scope.repository_id is not None:
        query = query.where(table.repository_id == scope.repository_id)
    return only_visible(query, table.repository_id, scope.visible)


def _within(query: Select[Any], table: Any, scope: Scope) -> Select[Any]:  # noqa: ANN401 - a table's columns
    """Narrow a query of a table that names a repository and an environment."""
    query = _of_repositories(query, table, scope)
    if scope.environment_key is not None:
        query = query.where(table.environment_key == scope.environment_key)
    return query


def _read_stories(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[IncidentStory, ...]:
    """Read the incidents that were opened in the period, oldest first."""
    opened = (
        incidents.c.opened_at >= period.since,
        incidents.c.opened_at < period.until,
    )
    e = incident_events.c
    events = (
        select(e.incident_id, e.at, e.actor, e.kind, e.value)
        .join(incidents, incidents.c.id == e.incident_id)
        .where(*opened, e.kind.in_(_DEEDS))
        .order_by(e.incident_id, e.position)
    )
    deeds: dict[IncidentId, list[IncidentEvent]] = defaultdict(list)
    for row in snapshot.execute(_within(events, incidents.c, scope)):
        deeds[row.incident_id].append(decode_event(row))
    query = select(incidents.c.id, incidents.c.value, incidents.c.said).where(*opened)
    found = snapshot.execute(_within(query, incidents.c, scope).order_by(incidents.c.id))
    return tuple(
        IncidentStory(decode_incident(row.value), tuple(deeds[row.id]), _said.decode(row.said))
        for row in found
    )


def _read_requests(snapshot: Snapshot, period: Period, scope: Scope) -> _Requests:
    """Read the requests that were opened in the period, oldest first."""
    ended_at = (
        select(func.max(_a.at))
        .where(
            _a.repository_id == _q.repository_id,
            _a.run_id == _q.run_id,
            _a.run_attempt == _q.run_attempt,
            _a.environment == _q.environment,
            _a.kind.in_(_ENDS),
        )
        .scalar_subquery()
    )
    was_held = (
        select(decisions.c.id)
        .where(decisions.c.request_id == _q.id, decisions.c.verdict == "wait")
        .exists()
    )
    query = select(
        _q.repository_id,
        _q.environment_key,
        _q.state,
        _q.waiting_since,
        _q.answered_at,
        _q.decision_id,
        was_held.label("was_held"),
        ended_at.label("ended_at"),
    ).where(_q.opened_at >= period.since, _q.opened_at < period.until)
    holds: list[Hold] = []
    newest: dict[tuple[int, str], int] = {}
    for row in snapshot.execute(_within(query, _q, scope).order_by(_q.opened_at, _q.id)):
        if row.decision_id is not None:
            newest[row.repository_id, row.environment_key] = row.decision_id
        hold = _hold(row) if row.was_held else None
        holds += [hold] if hold is not None else []
    return _Requests(tuple(holds), newest.values())


def _hold(row: Any) -> Hold | None:  # noqa: ANN401 - a row
    """Return how long a request waited; None when its end is on record nowhere."""
    state = RequestState(row.state)
    if state in UNDECIDED:
        return Hold(row.environment_key, row.waiting_since, None)
    until: datetime | None = row.answered_at if state in _ANSWERED else row.ended_at
    return Hold(row.environment_key, row.waiting_since, until) if until is not None else None


def _judged(snapshot: Snapshot, decision_ids: Iterable[int]) -> Iterable[WorkflowRun]:
    """Read the validations that decisions rest on."""
    for decision_id in decision_ids:
        found = snapshot.scalars(
            select(decisions.c.decision).where(decisions.c.id == decision_id)
        ).first()
        evidence = decode_decision(found).evidence if found is not None else None
        if evidence is not None and evidence.run is not None:
            yield evidence.run


def _failed(snapshot: Snapshot, stories: Iterable[IncidentStory]) -> Iterable[WorkflowRun]:
    """Read the validations whose failure opened the newest incident of each environment."""
    newest = {story.incident.place: story.incident for story in stories}
    for place, incident in newest.items():
        run = run_rows.newest_attempt(snapshot, place.repository_id, incident.failure.run_id)
        if run is not None:
            yield run


def _read_attempts(snapshot: Snapshot, period: Period, workflow: _Workflow) -> list[Any]:
    """Read the attempts of a workflow's runs that started in the period; a fork's are none."""
    t = runs.c
    query = select(t.repository_id, t.run_id, t.conclusion).where(
        t.repository_id == workflow.repository_id,
        t.path == workflow.path,
        t.started_at >= period.since,
        t.started_at < period.until,
        t.head_branch == workflow.branch,
        t.head_repository_id == workflow.repository_id,
    )
    return list(snapshot.execute(query))


def count_releases(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[int, int]:
    """Count the requests that were overridden, and those that were bypassed, in the period.

    An override that took several approvals is one.
    """
    query = select(_a.repository_id, _a.run_id, _a.run_attempt, _a.environment, _a.kind).where(
        # Literal, so that SQLite sees that its partial index has all of them.
        text(f"kind IN ('{_OVERRIDDEN}', '{_BYPASSED}')"),
        _a.at >= period.since,
        _a.at < period.until,
    )
    released: dict[str, set[tuple[int, RunId, int, str]]] = {_OVERRIDDEN: set(), _BYPASSED: set()}
    for row in snapshot.execute(_of_repositories(query, _a, scope)):
        # The trail spells an environment as GitHub did.
        key = environment_key(row.environment)
        if scope.environment_key in {None, key}:
            request = row.repository_id, row.run_id, row.run_attempt, key
            released[row.kind].add(request)
    return len(released[_OVERRIDDEN]), len(released[_BYPASSED])


def _read_reports(snapshot: Snapshot, period: Period, scope: Scope) -> list[ValidationReport]:
    """Read the reports that came in in the period."""
    t = validation_reports.c
    query = select(t.value).where(t.seen_at >= period.since, t.seen_at < period.until)
    found = snapshot.execute(_of_repositories(query, t, scope)).scalars()
    return [decode_report(value) for value in found]
