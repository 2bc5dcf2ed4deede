"""Send one effect to GitHub and record what came of it.

Three steps: the attempt is begun, the call is made, the outcome is recorded and the lease given
back. A review has been begun by the commit that decided it. The process may die at any time; what
is on record then says that the call may have arrived, and the next pass looks before it sends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from gate.domain.model.ledger import Effect, EffectKind, EffectStatus
from gate.domain.model.request import GateRequest, RequestState, ReviewState
from gate.errors import NOT_ALLOWED, GateError, OutcomeUnknown, RetryLater, Superseded
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.reconciler.requests.closing import sent_answer
from gate.reconciler.requests.deployment_status import follow_deployment_at
from gate.reconciler.requests.sending import send_effect
from gate.reconciler.requests.snapshot import Passed
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.requests import leases, ledger, outcomes, unannounced_ends
from gate.traces.names import Attribute, SpanName
from gate.traces.port import Span

_LOOK_SOON: Final = timedelta(seconds=2)
"""How long GitHub gets to show what a call came to whose answer was lost."""
_DECIDE_AGAIN: Final = timedelta(seconds=1)
"""How soon to decide again what came too late; as long as the time is unknown, everything does."""
_SENT: Final = "sent"
_TOO_LATE: Final = "too_late"
_GONE: Final = frozenset({"nothing_pending", "not_found"})
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to, and when the request is due again (None: it is answered)."""

    status: EffectStatus
    slug: str
    due_at: datetime | None
    failures: int = 0
    missed: bool = False
    unanswerable: bool = False


def dispatch(effect: Effect, passed: Passed, deps: Deps) -> None:
    """Send `effect` once, record what came of it, and release the lease.

    Nothing is sent when the request moved on since it was decided: then it is due at once. A
    review has been begun by the commit that decided it, and is sent within `SEND_WITHIN` of that or
    not at all; anything else while the lease runs (docs/adr/0018-a-late-answer-is-not-sent.md).
    Raises Superseded when the lease is lost; whoever has it now goes on.
    """
    with deps.traces.span(SpanName.EFFECT) as span:
        _dispatch(effect, passed, deps, span)


def _dispatch(effect: Effect, passed: Passed, deps: Deps, span: Span) -> None:
    started = perf_counter()
    if effect.kind is not EffectKind.REVIEW:
        begun = deps.database.transact(lambda tx: _begin(tx, effect, passed, deps.clock()))
        if not begun:
            return
    deps.failpoint("begun")
    error = send_effect(effect, passed, deps)
    deps.failpoint("sent")
    now = deps.clock()
    outcome = _outcome(effect, passed, error, now)
    _describe(effect, outcome, span)
    deps.database.transact(lambda tx: _settle(tx, effect, passed, outcome, now))
    deps.failpoint("settled")
    write = log.error if outcome.status is EffectStatus.REFUSED else log.info
    write(
        "effect.finished",
        effect_key=effect.key,
        kind=effect.kind,
        state=effect.state,
        status=outcome.status,
        outcome=outcome.slug,
        detail=error.detail if error is not None else None,
        duration_ms=round((perf_counter() - started) * 1000, 1),
    )


def _describe(effect: Effect, outcome: Outcome, span: Span) -> None:
    """Note in the trace what was sent and what came of it."""
    state = {Attribute.EFFECT_STATE: effect.state.value} if effect.state is not None else {}
    span.set(
        {
            Attribute.EFFECT_KIND: effect.kind.value,
            **state,
            Attribute.EFFECT_STATUS: outcome.status.value,
            Attribute.OUTCOME: outcome.slug,
        }
    )


def _begin(tx: Transaction, effect: Effect, passed: Passed, now: datetime) -> bool:
    """Record that the call is about to be made, unless the request moved on since the decision."""
    lease, request = passed.view.lease, passed.view.request
    take_turn(tx, request.installation_id)
    if leases.check_lease(tx, lease) != request.generation:
        leases.release(tx, lease, generation=request.generation, due_at=now, failures=0)
        return False
    ledger.record_begun(tx, effect, now)
    return True


def _outcome(effect: Effect, passed: Passed, error: GateError | None, now: datetime) -> Outcome:
    """Return what an attempt came to and when to look again."""
    is_review = effect.kind is EffectKind.REVIEW
    failures = passed.view.lease.failures + 1
    later = now + backoff(failures, error, spread=passed.view.request.id)
    match error:
        case None:
            due_at = follow_deployment_at(effect, now) if is_review else passed.due_at
            return Outcome(EffectStatus.DONE, _SENT, due_at)
        case RetryLater():
            due_at = now + _DECIDE_AGAIN if error.reason == _TOO_LATE else later
            return Outcome(EffectStatus.INTENDED, error.reason, due_at, failures)
        case OutcomeUnknown():
            # A report is not repeated: it may have used up one of ten, and says nothing new.
            is_report = effect.kind is EffectKind.REPORT
            due_at = passed.due_at if is_report else max(later, now + _LOOK_SOON)
            return Outcome(EffectStatus.UNKNOWN, error.reason, due_at, failures)
        case _ if is_review:
            return _refused_review(effect, error.reason, now, later, failures)
        case _ if effect.kind is EffectKind.STATUS:
            return Outcome(EffectStatus.REFUSED, error.reason, passed.due_at)
        case _:
            missed = error.reason in _GONE
            due_at = now if missed else passed.due_at
            return Outcome(EffectStatus.REFUSED, error.reason, due_at, missed=missed)


def _refused_review(
    effect: Effect, reason: str, now: datetime, later: datetime, failures: int
) -> Outcome:
    """Return what it means that GitHub did not take a review."""
    match reason:
        case "already_reviewed":
            return Outcome(EffectStatus.DONE, reason, follow_deployment_at(effect, now))
        case "nothing_pending" | "not_found":
            due_at = now if failures == 1 else later
            return Outcome(EffectStatus.REFUSED, reason, due_at, failures, missed=True)
        case "review_conflict":
            # Another review of the run is under way: GitHub has done with it in a moment.
            due_at = now + max(backoff(failures), _LOOK_SOON)
            return Outcome(EffectStatus.UNKNOWN, reason, due_at, failures)
        case _ if reason in NOT_ALLOWED:
            return Outcome(EffectStatus.INTENDED, reason, later, failures)
        case _:
            return Outcome(EffectStatus.REFUSED, reason, None, unanswerable=True)


def _settle(
    tx: Transaction, effect: Effect, passed: Passed, outcome: Outcome, now: datetime
) -> None:
    """Record the outcome, move the request, and give the lease back."""
    view = passed.view
    lease, request = view.lease, view.request
    take_turn(tx, request.installation_id)
    try:
        leases.check_lease(tx, lease)
    except Superseded:
        _settle_without_lease(tx, effect, request, outcome, now)
        return
    ledger.record_outcome(tx, effect.key, outcome.status, outcome.slug, now)
    if effect.kind is EffectKind.REVIEW:
        _move(tx, effect, passed, outcome, now)
    elif outcome.missed:
        outcomes.record_missing(tx, lease, request, now)
    _record_sent(tx, effect, request, outcome, now)
    leases.release(
        tx,
        lease,
        generation=request.generation,
        due_at=outcome.due_at,
        failures=outcome.failures,
    )


def _settle_without_lease(
    tx: Transaction, effect: Effect, request: GateRequest, outcome: Outcome, now: datetime
) -> None:
    """Put on record what GitHub took although the lease was lost meanwhile.

    Whoever has the lease by now moves the request, and is told that it has changed. What GitHub did
    not take is theirs to find out; only that a report was never sent, nobody else can know.
    """
    if outcome.status is EffectStatus.DONE:
        ledger.record_outcome(tx, effect.key, outcome.status, outcome.slug, now)
        _record_sent(tx, effect, request, outcome, now)
        leases.wake_holder(tx, request.id, now)
        return
    is_unsent = outcome.slug == _TOO_LATE and effect.kind is EffectKind.REPORT
    if is_unsent and ledger.record_unsent(tx, effect.key, outcome.slug, now):
        leases.wake_holder(tx, request.id, now)


def _record_sent(
    tx: Transaction, effect: Effect, request: GateRequest, outcome: Outcome, now: datetime
) -> None:
    """Add to the trail what became of a call."""
    detail: dict[str, object] = {
        "effect_key": effect.key,
        "state": effect.state,
        "status": outcome.status,
        "outcome": outcome.slug,
        "comment": effect.comment,
    }
    kind = f"{effect.kind}.{_verb(outcome)}"
    record_audit(tx, request_entry(request, kind, now, reason=effect.topic, detail=detail))


def _move(tx: Transaction, effect: Effect, passed: Passed, outcome: Outcome, now: datetime) -> None:
    """Move the request to where the outcome of its review leaves it."""
    lease = passed.view.lease
    # The pass that planned this review has moved the request to `answering`.
    request = replace(passed.view.request, state=RequestState.ANSWERING)
    if outcome.status is EffectStatus.DONE:
        outcomes.record_answer(tx, lease, request, _answer(tx, effect, request, outcome), now)
    elif outcome.unanswerable:
        outcomes.record_end(tx, lease, request, RequestState.UNANSWERABLE, outcome.slug, now=now)
        unannounced_ends.record_unannounced_end(tx, request.id, request.key.repository_id, now)
    elif outcome.missed:
        outcomes.record_missing(tx, lease, request, now)


def _answer(tx: Transaction, effect: Effect, request: GateRequest, outcome: Outcome) -> ReviewState:
    """Return what GitHub has been told: by this attempt, or by an earlier one it had taken."""
    if outcome.slug == _SENT and effect.state is not None:
        return effect.state
    review = ledger.read_ledger(tx, request.id).review(request.round)
    if review is None:
        msg = f"review {effect.key} is not in the ledger"
        raise LookupError(msg)
    return sent_answer(review)


def _verb(outcome: Outcome) -> str:
    match outcome.status:
        case EffectStatus.DONE:
            return "sent"
        case EffectStatus.UNKNOWN:
            return "lost"
        case EffectStatus.REFUSED:
            return "refused"
        case _:
            return "postponed"
