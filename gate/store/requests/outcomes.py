"""Write what a pass found, and how a request ended, under the lease of the pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, bindparam, or_, select, update

from gate.domain.model.ids import DecisionId
from gate.domain.model.request import (
    GateRequest,
    RequestState,
    ReviewState,
    answered_state,
    may_become,
)
from gate.domain.requests.decision import Verdict
from gate.store.engine.codec import decode_ids, encode_ids, encode_text
from gate.store.engine.database import Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.requests import gate_requests
from gate.store.requests.leases import Lease

_t: Final = gate_requests.c
_own: Final = _t.id == bindparam("request")
_record: Final = Prepared(
    update(gate_requests)
    .where(_own)
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in (
                "state",
                "verdict",
                "reason",
                "decision_id",
                "policy_digest",
                "give_up_at",
                "recheck_at",
                "watched",
                "missed_at",
                "lease_until",
            )
        }
        | {"was_held": or_(_t.was_held, bindparam("is_held", type_=Boolean))}
    )
)


_answer: Final = Prepared(
    update(gate_requests)
    .where(_own)
    .values(
        state=bindparam("new_state"),
        answer=bindparam("new_answer"),
        answered_at=bindparam("now"),
        ended_at=bindparam("now"),
        unanswered="[]",
        missed_at=None,
        recheck_at=None,
    )
)


_read_unanswered: Final = Prepared(select(_t.unanswered).where(_own))


@dataclass(frozen=True, slots=True)
class PassRecord:
    """What a pass found, as the request shows it."""

    state: RequestState
    verdict: str
    reason: str
    decision_id: DecisionId
    policy_digest: str
    give_up_at: datetime
    recheck_at: datetime | None
    watched: tuple[str, ...]
    missed_at: datetime | None


def record_pass(
    tx: Transaction, lease: Lease, request: GateRequest, record: PassRecord, *, until: datetime
) -> None:
    """Write what a pass found, and keep the lease until then for what is sent."""
    _check_move(request, record.state)
    _record.change(
        tx,
        {
            "request": lease.request_id,
            "new_state": record.state.value,
            "new_verdict": record.verdict,
            "new_reason": record.reason,
            "new_decision_id": record.decision_id,
            "new_policy_digest": record.policy_digest,
            "new_give_up_at": record.give_up_at,
            "new_recheck_at": record.recheck_at,
            "new_watched": encode_text(record.watched),
            "new_missed_at": record.missed_at,
            "new_lease_until": until,
            "is_held": record.verdict == Verdict.WAIT,
        },
    )


def record_answer(
    tx: Transaction,
    lease: Lease,
    request: GateRequest,
    answer: ReviewState,
    now: datetime,
) -> None:
    """Write that GitHub has our answer; it covers the deployments known when it was sent.

    A deployment that `request`, as it was when the review was planned, does not list yet is not
    covered: the request then opens again for it.
    """
    state = answered_state(answer)
    _check_move(request, state)
    if _reopened(tx, request, answer, now):
        return
    _answer.change(
        tx,
        {
            "request": lease.request_id,
            "new_state": state.value,
            "new_answer": answer.value,
            "now": now,
        },
    )


def _reopened(tx: Transaction, request: GateRequest, answer: ReviewState, now: datetime) -> bool:
    """Open the request again when a job joined it while the answer was on its way.

    Nobody can tell whether the answer came before or after that job reached the gate, so it gets a
    round of its own, which begins by looking whether GitHub still waits.
    """
    row = _read_unanswered.first(tx, {"request": request.id})
    joined = decode_ids(row.unanswered) if row is not None else ()
    late = [it for it in joined if it not in request.unanswered]
    if not late:
        return False
    tx.execute(
        update(gate_requests)
        .where(_t.id == request.id)
        .values(
            state=RequestState.OPEN.value,
            round=request.round + 1,
            waiting_since=now,
            unanswered=encode_ids(late),
            answer=answer.value,
            answered_at=now,
            ended_at=None,
            missed_at=None,
        )
    )
    return True


def record_end(
    tx: Transaction,
    lease: Lease,
    request: GateRequest,
    state: RequestState,
    reason: str,
    *,
    now: datetime,
) -> None:
    """Write that the request is over without an answer of this round, and why."""
    _check_move(request, state)
    tx.execute(
        update(gate_requests)
        .where(_t.id == lease.request_id)
        .values(
            state=state.value,
            verdict="closed",
            reason=reason,
            ended_at=now,
            unanswered="[]",
            recheck_at=None,
        )
    )


def record_missing(tx: Transaction, lease: Lease, request: GateRequest, now: datetime) -> None:
    """Write since when GitHub does not show the gate any more."""
    tx.execute(
        update(gate_requests)
        .where(_t.id == lease.request_id)
        .values(missed_at=request.missed_at or now)
    )


def _check_move(request: GateRequest, state: RequestState) -> None:
    if not may_become(request.state, state):
        msg = f"request {request.id} is {request.state} and cannot become {state}"
        raise ValueError(msg)
