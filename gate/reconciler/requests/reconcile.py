"""Bring one gate request one pass closer to its answer.

The only place where facts, policy, decision, plan and effects meet. A pass takes the request's
lease, reads one consistent snapshot and decides in the same transaction that records the decision
and its intents. Only where a fact is missing is GitHub asked, between transactions, and the
snapshot read again. See docs/explanation/architecture.md for the failure table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

from structlog.contextvars import bound_contextvars

from gate.clock import Moment
from gate.domain.model.ids import RequestId
from gate.errors import Superseded
from gate.log import get_logger
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.observe.request import Observed, give_up, observe
from gate.reconciler.requests.decision import run_pass
from gate.reconciler.requests.dispatch import dispatch
from gate.reconciler.requests.facts import Pass
from gate.reconciler.requests.opening import adopt_later_attempt
from gate.reconciler.requests.snapshot import Missing, Passed
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn_of_request
from gate.store.requests import causes, leases
from gate.store.requests.leases import Lease
from gate.traces.names import Attribute, SpanName
from gate.traces.port import NO_SPAN, Span

MOST_ROUNDS: Final = 8
"""Times that a pass asks GitHub for what is missing: twice what the longest chain of needs takes
(repository, policy, listings, jobs, and for an override who started it and who may)."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A pass whose lease is taken: it is decided, or lacks facts. It must be finished."""

    request_id: RequestId
    step: Missing | Passed
    started: float
    span: Span = NO_SPAN

    @property
    def lease(self) -> Lease:
        """Return the lease under which it was begun."""
        return self.step.view.lease


def take_up(request_id: RequestId, deps: Deps) -> Begun | None:
    """Begin to look at one request; None when nothing is due or somebody else holds the lease.

    They will see what we saw. Raises RetryLater when the database cannot be used; the request then
    stays due, and no lease is taken.
    """

    def begin(tx: Transaction) -> Begun | None:
        take_turn_of_request(tx, request_id)
        return begin_pass(tx, request_id, deps)

    return deps.database.transact(begin)


def begin_pass(tx: Transaction, request_id: RequestId, deps: Deps) -> Begun | None:
    """Take the lease and try the pass in the same transaction: in most cases nothing is missing.

    `tx` must have its turn at the request's installation.
    """
    started, began = perf_counter(), _moment(deps)
    lease = leases.take_lease(tx, request_id, began.at, LEASE, by=deps.node)
    if lease is None:
        return None
    span = _begin_span(tx, request_id, deps)
    with span.active():
        step = run_pass(tx, Pass(lease, Observed(), deps, began))
    return Begun(request_id, step, started, span)


def _begin_span(tx: Transaction, request_id: RequestId, deps: Deps) -> Span:
    """Begin the span of a pass, in the trace of the delivery that made the request due."""
    if not deps.traces.is_on:
        return deps.traces.trace(SpanName.PASS)
    cause = causes.read_cause(tx, request_id)
    about = {Attribute.REQUEST_ID: request_id}
    return deps.traces.trace(SpanName.PASS, about, delivery=cause.woken_by, link=cause.opened_by)


def finish_pass(begun: Begun, deps: Deps) -> None:
    """Go on once the beginning is durable: ask for what is missing, send what is owed."""
    with bound_contextvars(request_id=begun.request_id), begun.span:
        try:
            passed = _observe_until_decided(begun, deps)
            _describe(passed, begun.span)
            _act(passed, deps)
        except Superseded as error:
            begun.span.set({Attribute.OUTCOME: error.reason})
            log.info("reconcile.superseded", reason=error.reason)
            return
        log.info(
            "reconcile.finished",
            repository_id=passed.view.request.key.repository_id,
            run_id=passed.view.request.key.run_id,
            run_attempt=passed.view.request.key.run_attempt,
            environment=passed.view.request.environment,
            verdict=passed.verdict,
            reason=passed.reason,
            effects=len(passed.effects),
            duration_ms=round((perf_counter() - begun.started) * 1000, 1),
        )


def _describe(passed: Passed, span: Span) -> None:
    key = passed.view.request.key
    span.set(
        {
            Attribute.REPOSITORY_ID: key.repository_id,
            Attribute.RUN_ID: key.run_id,
            Attribute.RUN_ATTEMPT: key.run_attempt,
            Attribute.VERDICT: passed.verdict,
            Attribute.REASON: passed.reason,
            Attribute.EFFECTS: len(passed.effects),
        }
    )


def _observe_until_decided(begun: Begun, deps: Deps) -> Passed:
    """Ask GitHub for what is missing until the pass can decide.

    It ends: each round makes a need trusted or turns it into a fact that is unavailable. What was
    read may be distrusted again before it is used, so the rounds are counted: after the last one
    nothing is asked, and what is missing then counts as unavailable.
    """
    step, observed = begun.step, Observed()
    rounds = 0
    while isinstance(step, Missing):
        view, rounds = step.view, rounds + 1
        if rounds <= MOST_ROUNDS:
            with deps.traces.span(SpanName.OBSERVE) as span:
                span.set({Attribute.NEEDS: ", ".join(type(it).__name__ for it in step.needs)})
                observed = observe(step.needs, view.request, view.repository, observed, deps)
            if observed.later_attempt is not None:
                adopt_later_attempt(view.request, observed.later_attempt, deps)
                observed = replace(observed, later_attempt=None)
        else:
            log.warning("reconcile.restless", rounds=rounds)
            observed = give_up(step.needs, observed)
        current = Pass(view.lease, observed, deps, _moment(deps))
        step = deps.database.transact(_again(current, begun.span))
    return step


def _moment(deps: Deps) -> Moment:
    return Moment(deps.clock(), deps.uptime())


def _again(current: Pass, span: Span) -> Callable[[Transaction], Missing | Passed]:
    def again(tx: Transaction) -> Missing | Passed:
        take_turn_of_request(tx, current.lease.request_id)
        leases.check_lease(tx, current.lease)
        with span.active():  # the thread that writes may be another one
            return run_pass(tx, current)

    return again


def _act(passed: Passed, deps: Deps) -> None:
    """Send what is owed; the last outcome gives the lease back, in its own transaction."""
    deps.failpoint("decided")
    for effect in passed.effects:
        dispatch(effect, passed, deps)
