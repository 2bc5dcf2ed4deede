"""Read everything that the page of a deployment shows, by index and in bounded numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from gate.domain.evidence.judge import with_reports
from gate.domain.model.access import Visible
from gate.domain.model.ids import AccountId, RequestId
from gate.domain.model.ledger import Ledger
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.explanation.story import AlertTrace, SeenEvidence, TrailEntry
from gate.store.engine.codec import decode_decision, decode_detail, decode_run
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_checkpoints, audit_entries
from gate.store.engine.tables.github import repositories, runs
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.incidents.meanwhile import IncidentTrace, Wait, find_incident, read_alerts
from gate.store.requests.decisions import RecordedDecision, newest_recorded
from gate.store.requests.ledger import read_ledger
from gate.store.requests.requests import request_of

_MOST_ENTRIES: Final = 100
_MOST_DECISIONS: Final = 20
_MOST_SIBLINGS: Final = 20

_t: Final = gate_requests.c
_a: Final = audit_entries.c


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another request of the same run."""

    id: RequestId
    run_attempt: int
    environment: str
    state: str


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """Where the trail holds a decision, and when a checkpoint signed it; None: not yet."""

    sequence: int
    hash: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """A request with all that is on record about it.

    `ended_at` is when the last round ended, None while it waits. `evidence` is what its decisions
    rested on, oldest first, the newest with its reports; `trail` the newest entries about it,
    oldest first, and `left_out` how many come before them. Of the incident it has what happened,
    and what alerts were sent, while the deployment waited.
    """

    request: GateRequest
    repository: str
    owner_id: AccountId
    verdict: str | None
    reason: str | None
    give_up_at: datetime | None
    recheck_at: datetime | None
    ended_at: datetime | None
    run: WorkflowRun | None
    decision: RecordedDecision | None
    evidence: tuple[SeenEvidence, ...]
    ledger: Ledger
    trail: tuple[TrailEntry, ...]
    left_out: int
    place: ChainPlace | None
    incident: IncidentTrace | None
    alerts: tuple[AlertTrace, ...]
    siblings: tuple[Sibling, ...]

    @property
    def is_answered(self) -> bool:
        """Return whether the last round ended with an answer: an earlier one may have had one."""
        return self.ended_at is not None and self.ended_at == self.request.answered_at


def read_deployment(
    snapshot: Snapshot, request_id: RequestId, visible: Visible
) -> DeploymentRecord | None:
    """Read a request; None where there is none, or the reader may not see its repository."""
    query = (
        select(gate_requests, repositories.c.full_name, repositories.c.owner_id)
        .join(repositories, repositories.c.repository_id == _t.repository_id)
        .where(_t.id == request_id)
    )
    row = snapshot.execute(only_visible(query, _t.repository_id, visible)).one_or_none()
    if row is None:
        return None
    request = request_of(row)
    decision = newest_recorded(snapshot, request_id)
    trail, left_out = _read_trail(snapshot, request)
    wait = Wait(request.opened_at, row.ended_at)
    incident = find_incident(snapshot, request.key, wait)
    return DeploymentRecord(
        request=request,
        repository=row.full_name,
        owner_id=AccountId(row.owner_id),
        verdict=row.verdict,
        reason=row.reason,
        give_up_at=row.give_up_at,
        recheck_at=row.recheck_at,
        ended_at=row.ended_at,
        run=_read_own_run(snapshot, request),
        decision=decision,
        evidence=_read_evidence(snapshot, decision),
        ledger=read_ledger(snapshot, request_id),
        trail=trail,
        left_out=left_out,
        place=_find_place(snapshot, request, decision),
        incident=incident,
        alerts=read_alerts(snapshot, request.id, incident, wait),
        siblings=_read_siblings(snapshot, request),
    )


def _read_own_run(snapshot: Snapshot, request: GateRequest) -> WorkflowRun | None:
    """Read the newest sighting of the run, by the request's own attempt where that is known."""
    key = request.key
    rows = snapshot.execute(
        select(runs.c.run_attempt, runs.c.value)
        .where(runs.c.repository_id == key.repository_id, runs.c.run_id == key.run_id)
        .order_by(runs.c.run_attempt.desc())
        .limit(_MOST_SIBLINGS)
    ).all()
    own = [it for it in rows if it.run_attempt == key.run_attempt] or rows
    return decode_run(own[0].value) if own else None


def _read_evidence(snapshot: Snapshot, newest: RecordedDecision | None) -> tuple[SeenEvidence, ...]:
    if newest is None:
        return ()
    rows = snapshot.execute(
        select(decisions.c.at, decisions.c.decision)
        .where(decisions.c.request_id == newest.request_id, decisions.c.id < newest.id)
        .order_by(decisions.c.id.desc())
        .limit(_MOST_DECISIONS)
    ).all()
    found = [(row.at, decode_decision(row.decision).evidence) for row in reversed(rows)]
    if newest.decision.evidence is not None:
        shown = with_reports(newest.decision.evidence, newest.facts.reports)
        found.append((newest.at, shown))
    return tuple(SeenEvidence(at, it) for at, it in found if it is not None)


def _of_request(request: GateRequest) -> tuple[ColumnElement[bool], ...]:
    key = request.key
    return (
        _a.repository_id == key.repository_id,
        _a.run_id == key.run_id,
        _a.run_attempt == key.run_attempt,
        _a.environment == request.environment,
        _a.kind.not_like("incident.%"),
    )


def _read_trail(snapshot: Snapshot, request: GateRequest) -> tuple[tuple[TrailEntry, ...], int]:
    own = _of_request(request)
    rows = snapshot.execute(
        select(audit_entries).where(*own).order_by(_a.id.desc()).limit(_MOST_ENTRIES)
    ).all()
    left_out = 0
    if len(rows) == _MOST_ENTRIES:
        total = snapshot.execute(select(func.count()).where(*own)).scalar_one()
        left_out = int(total) - len(rows)
    return tuple(_entry(row) for row in reversed(rows)), left_out


def _entry(row: Any) -> TrailEntry:  # noqa: ANN401 - a row of any select
    return TrailEntry(
        row.sequence, row.at, row.kind, row.actor, row.reason, decode_detail(row.detail)
    )


def _find_place(
    snapshot: Snapshot, request: GateRequest, decision: RecordedDecision | None
) -> ChainPlace | None:
    """Find the entry of the newest decision, which no later entry of its kind follows."""
    if decision is None:
        return None
    made = (*_of_request(request), _a.kind == "decision.made")
    row = snapshot.execute(
        select(_a.sequence, _a.hash).where(*made).order_by(_a.id.desc()).limit(1)
    ).first()
    if row is None:
        return None
    c = audit_checkpoints.c
    signed_at = snapshot.scalars(
        select(c.at)
        .where(c.installation_id == request.installation_id, c.sequence >= row.sequence)
        .order_by(c.sequence)
        .limit(1)
    ).first()
    return ChainPlace(row.sequence, row.hash, signed_at)


def _read_siblings(snapshot: Snapshot, request: GateRequest) -> tuple[Sibling, ...]:
    key = request.key
    rows = snapshot.execute(
        select(_t.id, _t.run_attempt, _t.environment, _t.state)
        .where(
            _t.repository_id == key.repository_id,
            _t.run_id == key.run_id,
            _t.id != request.id,
        )
        .order_by(_t.run_attempt.desc(), _t.environment_key)
        .limit(_MOST_SIBLINGS)
    ).all()
    return tuple(Sibling(RequestId(row.id), *row[1:]) for row in rows)
