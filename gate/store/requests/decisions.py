"""Store every decision with the facts and the policy it rests on, so that it can be re-derived.

The policy is kept as the digests of the texts it was chosen from; `policy_texts` has the texts.
What jobs reported is kept once, in `gate.store.reports.kept_reports`: it may be long, and many
decisions rest on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, insert, select

from gate.domain.evidence.judge import without_reports
from gate.domain.model.facts import Facts
from gate.domain.model.ids import DecisionId, RequestId
from gate.domain.model.policy.sources import PolicyBasis
from gate.domain.requests.decide import ENGINE_VERSION
from gate.domain.requests.decision import Decision
from gate.errors import GateError
from gate.store.engine.codec import decode_basis, decode_decision, decode_facts, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.requests import decisions
from gate.store.reports.kept_reports import (
    decode_reports,
    digest_of,
    keep_reports,
    read_kept_reports,
)


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision as it stands in the record; `digest` is the hash of what stands there.

    `reports` are the hashes of the reports among its facts. Its evidence and, where they are many,
    its facts are without them.
    """

    id: DecisionId
    request_id: RequestId
    at: datetime
    decision: Decision
    facts: Facts
    engine_version: str
    digest: str
    basis: PolicyBasis | None = None
    reports: tuple[str, ...] = ()


_BATCH: Final = 200

_newest: Final = Prepared(
    select(decisions.c.decision)
    .where(decisions.c.request_id == bindparam("request"))
    .order_by(decisions.c.id.desc())
    .limit(1)
)
_last: Final = Prepared(
    select(decisions.c.id, decisions.c.fingerprint)
    .where(decisions.c.request_id == bindparam("request"))
    .order_by(decisions.c.id.desc())
    .limit(1)
)
_insert: Final = Prepared(insert(decisions).returning(decisions.c.id))


def record_decision(
    tx: Transaction,
    decision: Decision,
    facts: Facts,
    now: datetime,
    basis: PolicyBasis | None = None,
) -> tuple[DecisionId, bool]:
    """Record a decision, unless the request's last one says the same; say whether it is new.

    Two decisions say the same when verdict, reasons, policy and evidence agree: only then does a
    look after five minutes leave no trace. Without `basis` it cannot be decided again.
    """
    request_id = facts.request.id
    fingerprint = _fingerprint(decision)
    last = None
    if not facts.request.is_untouched:
        last = _last.first(tx, {"request": request_id})
    if last is not None and last.fingerprint == fingerprint:
        return DecisionId(last.id), False
    row = _insert.first(
        tx,
        {
            "request_id": request_id,
            "at": now,
            "verdict": decision.verdict.value,
            "reason": decision.reason.value,
            "policy_digest": decision.policy_digest,
            "engine_version": ENGINE_VERSION,
            "fingerprint": fingerprint,
            "decision": encode(_bare_decision(decision)),
            "facts": encode(_bare_facts(facts)),
            "basis": encode(basis) if basis is not None else None,
        },
    )
    keep_reports(tx, DecisionId(row.id), facts.reports, now)
    return DecisionId(row.id), True


def _bare_decision(decision: Decision) -> Decision:
    if decision.evidence is None:
        return decision
    return replace(decision, evidence=without_reports(decision.evidence))


def _bare_facts(facts: Facts) -> Facts:
    return replace(facts, reports=())


def record_digest(
    decision: Decision,
    facts: Facts,
    basis: PolicyBasis | None,
    at: datetime,
) -> str:
    """Hash all that a record rests on; the trail keeps it, so that the chain covers the record."""
    reports = [digest_of(encode(report)) for report in facts.reports]
    said = _bare_decision(decision), _bare_facts(facts), basis, at, ENGINE_VERSION
    return _digest(*said, *([reports] if reports else []))


def _digest(*said: object) -> str:
    return sha256(encode(said)).hexdigest()


def last_decision(snapshot: Snapshot, request_id: RequestId) -> Decision | None:
    """Read the newest decision on a request."""
    row = _newest.first(snapshot, {"request": request_id})
    return decode_decision(row.decision) if row is not None else None


def _fingerprint(decision: Decision) -> str:
    said = (
        decision.verdict,
        decision.reasons,
        decision.policy_digest,
        decision.evidence,
        decision.last_call,
        decision.override,
        [(claim.key, claim.codes) for claim in decision.refused],
        # That deployments are lost is news, how many is not: reports tell it as they are sent.
        decision.behind.cancelled > 0,
    )
    return sha256(encode(said)).hexdigest()


def decisions_of(snapshot: Snapshot, request_id: RequestId) -> list[RecordedDecision]:
    """Read the decisions on a request, oldest first; of their reports only the hashes."""
    rows = snapshot.execute(
        select(decisions).where(decisions.c.request_id == request_id).order_by(decisions.c.id)
    )
    return [_recorded(row, read_kept_reports(snapshot, row.id)) for row in rows]


def newest_recorded(snapshot: Snapshot, request_id: RequestId) -> RecordedDecision | None:
    """Read the newest decision on a request with its reports; None where there is none.

    Of the reports, those that the record names but nobody kept are left out.
    """
    query = (
        select(decisions)
        .where(decisions.c.request_id == request_id)
        .order_by(decisions.c.id.desc())
        .limit(1)
    )
    row = snapshot.execute(query).first()
    if row is None:
        return None
    kept = read_kept_reports(snapshot, row.id)
    recorded = _recorded(row, kept)
    return replace(recorded, facts=replace(recorded.facts, reports=decode_reports(kept)))


def stream_decisions(
    snapshot: Snapshot, decision_id: DecisionId | None = None
) -> Iterator[RecordedDecision]:
    """Read all decisions with their reports, or one, oldest first and a batch at a time.

    Raises GateError("record_unreadable") at one that nobody can have written so.
    """
    query = select(decisions).order_by(decisions.c.id)
    if decision_id is not None:
        query = query.where(decisions.c.id == decision_id)
    with snapshot.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            try:
                kept = read_kept_reports(snapshot, row.id)
                recorded = _recorded(row, kept)
                facts = replace(recorded.facts, reports=decode_reports(kept))
                yield replace(recorded, facts=facts)
            except msgspec.DecodeError as error:
                detail = f"decision {row.id}: its record cannot be read"
                raise GateError("record_unreadable", detail) from error


def _recorded(row: Row[Any], kept: Sequence[bytes]) -> RecordedDecision:
    # Of the bytes as they are: a value read back has the fields that were added since, too.
    said = [msgspec.Raw(row.decision), msgspec.Raw(row.facts)]
    basis = msgspec.Raw(row.basis) if row.basis is not None else None
    reports = [digest_of(value) for value in kept]
    return RecordedDecision(
        id=DecisionId(row.id),
        request_id=RequestId(row.request_id),
        at=row.at,
        decision=decode_decision(row.decision),
        facts=decode_facts(row.facts),
        engine_version=row.engine_version,
        digest=_digest(*said, basis, row.at, row.engine_version, *([reports] if reports else [])),
        basis=decode_basis(row.basis) if row.basis is not None else None,
        reports=tuple(reports),
    )
