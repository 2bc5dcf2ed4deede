"""Decide one leased request inside one transaction, or say which facts are missing.

Everything is read in the transaction that records the result, so the decision on record is the one
that these facts lead to.
"""

from __future__ import annotations

from dataclasses import replace

from gate.domain.model.ids import DecisionId
from gate.domain.model.ledger import Effect, EffectKind, EffectStatus, Ledger, LedgerEntry
from gate.domain.model.overrides import ALL_ROUTES, OverrideRoutes
from gate.domain.model.policy.policy import LoadedPolicy, PolicyReading
from gate.domain.model.policy.sources import choose
from gate.domain.model.request import RequestState
from gate.domain.requests.closing import Closure, check_closed, is_suspect
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.explanation.remedies import Guide
from gate.domain.requests.missing_facts import (
    GateNeeded,
    PolicyNeeded,
    RepositoryNeeded,
    RoutesNeeded,
)
from gate.domain.requests.plan import plan
from gate.domain.requests.settlement import (
    NOT_LANDED,
    Settlement,
    may_have_landed,
    needs_look,
    settle,
)
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE
from gate.reconciler.observe.policy import policy_of
from gate.reconciler.override_routes import find_issue
from gate.reconciler.overrides.record import Ruling, record_override
from gate.reconciler.requests.closing import record_closure, record_landed, record_missed
from gate.reconciler.requests.deployment_status import pass_closed
from gate.reconciler.requests.facts import Gathered, Pass, gather
from gate.reconciler.requests.snapshot import Missing, Passed, View, read_view
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.incidents.checks import mark_check
from gate.store.requests import decisions, leases, ledger, outcomes
from gate.store.requests.outcomes import PassRecord
from gate.traces.names import Attribute, SpanName


def run_pass(tx: Transaction, current: Pass) -> Missing | Passed:
    """Decide the leased request on one snapshot, and record decision and intents with it."""
    view = read_view(tx, current.lease, current.observed, current.began)
    request, sighting, now = view.request, view.sighting, current.now
    if not request.is_undecided:
        return pass_closed(tx, view, current.observed, now)
    review = view.entries.review(request.round)
    suspect = is_suspect(sighting, request, now) or needs_look(review)
    if suspect and not current.observed.gate_asked:
        return Missing(view, (GateNeeded(),))
    settlement = settle(review, view.entries, sighting, now)
    closure = check_closed(sighting, request, now)
    if review is not None and _is_answered(settlement, closure, review):
        return record_landed(tx, view, review, now)
    if closure is not None:
        return record_closure(tx, view, closure, now)
    if sighting.pending is False:
        return record_missed(tx, view, now)
    if review is not None and settlement is Settlement.NOT_LANDED:
        ledger.record_outcome(tx, review.effect.key, EffectStatus.INTENDED, NOT_LANDED, now)
        view = read_view(tx, current.lease, current.observed, current.began)
    return _decide(tx, view, current)


def _is_answered(settlement: Settlement, closure: Closure | None, review: LedgerEntry) -> bool:
    """Return whether GitHub has our answer: by the look, by what it said, or by what came of it.

    It may have said so to a pass that had lost its lease by then. And what looks like a bypass may
    be our own review that was believed lost.
    """
    is_ours = closure is Closure.BYPASSED and may_have_landed(review)
    return settlement is Settlement.LANDED or review.is_done or is_ours


def _decide(tx: Transaction, view: View, current: Pass) -> Missing | Passed:
    """Decide a request that GitHub waits for, as soon as its facts are complete."""
    observed = current.observed
    if view.repository.default_branch is None and observed.unavailable is None:
        return Missing(view, (RepositoryNeeded(),))
    if observed.policy_unavailable is not None:
        choice = choose(None, None, observed.policy_unavailable)
    else:
        known = policy_of(tx, view.repository, current.deps, current.now)
        if known is None:
            return Missing(view, (PolicyNeeded(),))
        choice = known
    with current.deps.traces.span(SpanName.FACTS):
        gathered = gather(tx, view, choice.reading, current)
    if gathered.needs and observed.unavailable is None:
        return Missing(view, gathered.needs)
    with current.deps.traces.span(SpanName.DECIDE) as span:
        decision = decide(choice.reading, gathered.facts, current.now)
        span.set({Attribute.VERDICT: decision.verdict.value, Attribute.REASON: decision.reason})
    routes = _routes(view, decision, choice.reading, current)
    if isinstance(routes, RoutesNeeded):
        return Missing(view, (routes,))
    gathered = replace(gathered, basis=choice.basis, routes=routes)
    return _record(tx, view, decision, gathered, current)


def _routes(
    view: View, decision: Decision, reading: PolicyReading, current: Pass
) -> OverrideRoutes | RoutesNeeded:
    """Return the routes that a comment may offer; GitHub is asked only where a comment is due."""
    policy = None
    if isinstance(reading, LoadedPolicy):
        policy = reading.policy.environment(view.request.environment)
    if decision.ask is None or policy is None:
        return ALL_ROUTES
    need = RoutesNeeded(view.request.environment, decision.ask.environment)
    known = current.deps.routes.find(view.repository.id, need, policy.override, current.now)
    if known is not None:
        return known
    is_due = bool(plan(decision, view.request, view.entries, current.now))
    return need if is_due and current.observed.unavailable is None else ALL_ROUTES


def _owed(
    tx: Transaction, view: View, decision: Decision, gathered: Gathered, current: Pass
) -> tuple[Effect, ...]:
    """Plan what is owed to GitHub; the incident's issue is read only where a report shows it."""
    guide = Guide(gathered.routes, record=f"{current.deps.public_url}/requests/{view.request.id}")
    now = current.now
    effects = plan(decision, view.request, view.entries, now, guide)
    if not effects or decision.verdict is not Verdict.WAIT:
        return effects
    guide = replace(guide, issue=find_issue(tx, view.request))
    return plan(decision, view.request, view.entries, now, guide)


def _record(
    tx: Transaction, view: View, decision: Decision, gathered: Gathered, current: Pass
) -> Passed:
    """Put decision, intents and the next look on record, all in this one transaction.

    A review is begun with it: it is sent right after the commit, and should that not come to be,
    the next pass asks GitHub before it sends it again.
    """
    request, lease, now = view.request, view.lease, current.now
    before = decisions.last_decision(tx, request.id) if gathered.claims else None
    facts, basis = gathered.facts, gathered.basis
    decision_id, is_new = decisions.record_decision(tx, decision, facts, now, basis)
    if is_new:
        detail: dict[str, object] = {"decision_id": decision_id, "verdict": decision.verdict}
        detail["record"] = decisions.record_digest(decision, facts, basis, now)
        entry = request_entry(request, "decision.made", now, reason=decision.reason, detail=detail)
        record_audit(tx, entry)
        if decision.reason is ReasonCode.ENVIRONMENT_NOT_IN_POLICY:
            mark_check(tx, request.key.repository_id, now)
    if is_new and gathered.claims:
        record_override(tx, Ruling(request, decision, before, now), gathered.claims)
    with current.deps.traces.span(SpanName.PLAN) as span:
        effects = _owed(tx, view, decision, gathered, current)
        span.set({Attribute.EFFECTS: len(effects)})
    ledger.record_intents(
        tx,
        request,
        view.entries,
        effects,
        decision_id=decision_id,
        now=now,
        # A report is begun just before it is sent: once begun, it is never repeated.
        begin=EffectKind.REVIEW,
    )
    record = _pass_record(view, decision, decision_id, gathered)
    # From here on the calls need their time, however long reading took.
    outcomes.record_pass(tx, lease, request, record, until=now + LEASE)
    error = current.observed.error
    failures = lease.failures + 1 if error is not None else 0
    due_at = decision.recheck_at or now
    if error is not None:
        due_at = now + backoff(failures, error, spread=request.id)
    passed = Passed(
        view,
        decision.verdict,
        decision.reason,
        effects,
        due_at,
    )
    if not effects:
        leases.release(tx, lease, generation=request.generation, due_at=due_at, failures=failures)
    return passed


def _pass_record(
    view: View, decision: Decision, decision_id: DecisionId, gathered: Gathered
) -> PassRecord:
    return PassRecord(
        state=_state(decision, view.entries, view.request.round),
        verdict=decision.verdict,
        reason=decision.reason,
        decision_id=decision_id,
        policy_digest=decision.policy_digest,
        give_up_at=decision.give_up_at,
        recheck_at=decision.recheck_at,
        watched=gathered.watched,
        missed_at=None if view.sighting.pending else view.request.missed_at,
    )


def _state(decision: Decision, entries: Ledger, round_: int) -> RequestState:
    """Return the state a decided request is in: `answering` while a review is owed or in flight."""
    review = entries.review(round_)
    in_flight = review is not None and review.is_begun
    if in_flight or decision.verdict is not Verdict.WAIT:
        return RequestState.ANSWERING
    return RequestState.WAITING
