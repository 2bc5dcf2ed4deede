"""Record that a request is over, or seems to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.ledger import EffectStatus, LedgerEntry
from gate.domain.model.request import ReviewState
from gate.domain.requests.closing import Closure, closed_state
from gate.log import get_logger
from gate.reconciler.requests.deployment_status import follow_deployment_at
from gate.reconciler.requests.snapshot import Passed, View
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.requests import leases, ledger, outcomes, unannounced_ends

_LOOK_AGAIN: Final = timedelta(seconds=10)
"""How soon a gate that vanished is looked at again, until it is believed."""

log = get_logger(__name__)


def sent_answer(review: LedgerEntry) -> ReviewState:
    """Return what GitHub was told first; raises LookupError for an effect that is no review."""
    answer = review.first_sent or review.effect.state
    if answer is None:
        msg = f"effect {review.effect.key} answers nothing"
        raise LookupError(msg)
    return answer


def record_landed(tx: Transaction, view: View, review: LedgerEntry, now: datetime) -> Passed:
    """Record that a review whose answer was lost has been applied after all."""
    answer = sent_answer(review)
    ledger.record_outcome(tx, review.effect.key, EffectStatus.DONE, "landed", now)
    outcomes.record_answer(tx, view.lease, view.request, answer, now)
    detail: dict[str, object] = {"effect_key": review.effect.key, "state": answer}
    entry = request_entry(
        view.request, "review.landed", now, reason=review.effect.topic, detail=detail
    )
    record_audit(tx, entry)
    return _released(tx, view, "answered", answer, follow_deployment_at(review.effect, now))


def record_closure(tx: Transaction, view: View, closure: Closure, now: datetime) -> Passed:
    """Close a request that GitHub no longer waits for, and say how it ended."""
    request = view.request
    state = closed_state(closure, request)
    outcomes.record_end(tx, view.lease, request, state, closure, now=now)
    ledger.record_intents(tx, request, view.entries, (), decision_id=None, now=now)
    kind = "bypass.detected" if closure is Closure.BYPASSED else "request.closed"
    record_audit(tx, request_entry(request, kind, now, reason=closure))
    if closure is Closure.BYPASSED:
        unannounced_ends.record_unannounced_end(tx, request.id, request.key.repository_id, now)
        log.warning("request.bypassed", run_id=request.key.run_id, environment=request.environment)
    return _released(tx, view, "closed", closure)


def record_missed(tx: Transaction, view: View, now: datetime) -> Passed:
    """Remember that GitHub no longer shows the gate, and look again before believing it."""
    request = view.request
    outcomes.record_missing(tx, view.lease, request, now)
    leases.release(
        tx, view.lease, generation=request.generation, due_at=now + _LOOK_AGAIN, failures=0
    )
    return Passed(view, "wait", "gate_missed")


def _released(
    tx: Transaction, view: View, verdict: str, reason: str, due_at: datetime | None = None
) -> Passed:
    leases.release(tx, view.lease, generation=view.request.generation, due_at=due_at, failures=0)
    return Passed(view, verdict, reason)
