"""Read requests as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, select

from gate.domain.evidence.judge import with_reports
from gate.domain.model.access import Visible
from gate.domain.model.ids import RequestId
from gate.domain.model.reports import ValidationReport
from gate.domain.model.request import RequestState
from gate.domain.requests.decision import Decision, Verdict
from gate.store.engine.codec import decode_decision, decode_ids
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.reports.kept_reports import decode_reports, read_kept_reports

FILTERS: Final = (
    "repository",
    "repository_id",
    "installation_id",
    "environment",
    "run_id",
    "run_attempt",
    "state",
    "verdict",
)
"""The fields by which requests can be narrowed down."""

NUMBERS: Final = frozenset({"repository_id", "installation_id", "run_id", "run_attempt"})
"""The filters whose values are numbers."""

CHOICES: Final = {"state": tuple(RequestState), "verdict": tuple(Verdict)}
"""The filters that have few values, and these."""

_t: Final = gate_requests.c


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request with the repository's name and the decision it rests on."""

    id: RequestId
    repository: str
    repository_id: int
    run_id: int
    run_attempt: int
    environment: str
    head_sha: str
    state: str
    verdict: str | None
    reasons: tuple[str, ...]
    deployment_ids: tuple[int, ...]
    opened_at: datetime
    answered_at: datetime | None
    recheck_at: datetime | None
    give_up_at: datetime | None
    policy_digest: str | None
    evidence: Any
    override: Any


def list_records(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    limit: int,
    before: RequestId | None,
    visible: Visible,
) -> list[RequestRecord]:
    """List requests, newest first, from the one before `before` on; without their reports.

    A filter whose value is a tuple takes any of its values.
    """
    query = _query(visible).order_by(_t.id.desc()).limit(limit)
    for name, value in filters.items():
        column = _t[name]
        query = query.where(column.in_(value) if isinstance(value, tuple) else column == value)
    if before is not None:
        query = query.where(_t.id < before)
    return [_record(row) for row in snapshot.execute(query)]


def read_record(
    snapshot: Snapshot, request_id: RequestId, visible: Visible
) -> RequestRecord | None:
    """Read one request; None when there is none, or when it may not be seen."""
    row = snapshot.execute(_query(visible).where(_t.id == request_id)).one_or_none()
    if row is None:
        return None
    kept = read_kept_reports(snapshot, row.decision_id) if row.decision_id is not None else []
    return _record(row, decode_reports(kept))


def _query(visible: Visible) -> Any:  # noqa: ANN401 - a select over three tables
    query = (
        select(gate_requests, repositories.c.full_name, decisions.c.decision)
        .join(repositories, repositories.c.repository_id == _t.repository_id)
        .outerjoin(decisions, decisions.c.id == _t.decision_id)
    )
    return only_visible(query, _t.repository_id, visible)


def _record(row: Row[Any], reports: Sequence[ValidationReport] = ()) -> RequestRecord:
    decision: Decision | None = decode_decision(row.decision) if row.decision else None
    reasons = [reason.code.value for reason in decision.reasons] if decision else []
    if row.verdict == "closed":
        reasons = [row.reason]
    evidence = decision.evidence if decision is not None else None
    if evidence is not None and reports:
        evidence = with_reports(evidence, reports)
    return RequestRecord(
        id=RequestId(row.id),
        repository=row.full_name,
        repository_id=row.repository_id,
        run_id=row.run_id,
        run_attempt=row.run_attempt,
        environment=row.environment,
        head_sha=row.head_sha,
        state=row.state,
        verdict=row.verdict,
        reasons=tuple(reasons),
        deployment_ids=tuple(it for it in decode_ids(row.deployments) if it > 0),
        opened_at=row.opened_at,
        answered_at=row.answered_at,
        recheck_at=row.recheck_at,
        give_up_at=row.give_up_at,
        policy_digest=row.policy_digest,
        evidence=msgspec.to_builtins(evidence),
        override=msgspec.to_builtins(decision.override) if decision is not None else None,
    )
