"""Decide one leased request inside one transaction, or say which facts are missing.

Everything is read in the transaction that records the result, so the decision on record is the one
that these facts lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gate.domain.evidence.relevance import relevant_reports
from gate.domain.model.facts import NOBODY, Behind, Facts
from gate.domain.model.ids import DecisionId, RunId
from gate.domain.model.ledger import Effect, EffectKind, EffectStatus, Ledger, LedgerEntry
from gate.domain.model.overrides import ALL_ROUTES, OverrideRoutes
from gate.domain.model.policy import Covers, EnvironmentPolicy, LoadedPolicy, PolicyReading
from gate.domain.model.policy_sources import PolicyBasis, choose
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.behind import count_behind
from gate.domain.requests.closing import Closure, check_closed, is_suspect
from gate.domain.requests.decide import Decision, ReasonCode, Verdict, decide
from gate.domain.requests.missing_facts import (
    GateNeeded,
    ListingNeeded,
    Listings,
    Need,
    PolicyNeeded,
    RepositoryNeeded,
    RoutesNeeded,
    listings_of,
    missing_facts,
)
from gate.domain.requests.plan import plan
from gate.domain.requests.remedies import Guide
from gate.domain.requests.settlement import (
    NOT_LANDED,
    Settlement,
    may_have_landed,
    needs_look,
    settle,
)
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.observe.policy import policy_of
from gate.reconciler.observe.request import Observed
from gate.reconciler.override_routes import find_issue
from gate.reconciler.overrides.record import Ruling, record_override
from gate.reconciler.requests.closing import record_closure, record_landed, record_missed
from gate.reconciler.requests.deployment_status import pass_closed
from gate.reconciler.requests.snapshot import Missing, Passed, View, read_view
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.github import listings, runs
from gate.store.github.listings import ListingRecord
from gate.store.incidents.checks import mark_check
from gate.store.reports import reports
from gate.store.requests import decisions, leases, ledger, requests
from gate.store.requests.claims import RecordedClaim, read_claims
from gate.store.requests.leases import Lease, PassRecord


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at one request: under which lease, at what time, with what GitHub said so far.

    `begun_at` is the uptime at `now`, by which the age of the decision is measured.
    """

    lease: Lease
    observed: Observed
    deps: Deps
    now: datetime
    begun_at: float


def run_pass(tx: Transaction, current: Pass) -> Missing | Passed:
    """Decide the leased request on one snapshot, and record decision and intents with it."""
    view = read_view(tx, current.lease, current.observed)
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
        view = read_view(tx, current.lease, current.observed)
    return _decide(tx, view, current)


def _is_answered(settlement: Settlement, closure: Closure | None, review: LedgerEntry) -> bool:
    """Say whether GitHub has our answer: by the look, by what it said, or by what came of it.

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
    gathered = _gather(tx, view, choice.reading, current)
    if gathered.needs and observed.unavailable is None:
        return Missing(view, gathered.needs)
    decision = decide(choice.reading, gathered.facts, current.now)
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


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The facts of a decision, what is still missing of them, and where they come from."""

    facts: Facts
    claims: tuple[RecordedClaim, ...] = ()
    needs: tuple[Need, ...] = ()
    watched: tuple[str, ...] = ()
    basis: PolicyBasis | None = None
    routes: OverrideRoutes = ALL_ROUTES


def _gather(tx: Transaction, view: View, reading: PolicyReading, current: Pass) -> _Gathered:
    """Read the runs that the policy's evidence rests on."""
    default_branch = view.repository.default_branch or ""
    policy = None
    if isinstance(reading, LoadedPolicy):
        policy = reading.policy.environment(view.request.environment)
    if policy is None:
        unavailable = current.observed.unavailable
        bare = Facts(view.request, default_branch, (), (), unavailable=unavailable)
        return _Gathered(replace(bare, behind=_behind(tx, view)))
    said = read_claims(tx, view.request.key)
    listed = listings.read_listings(tx, view.repository.id)
    facts = replace(
        _facts(tx, view, policy, listed, current),
        claims=tuple(recorded.claim for recorded in said),
        standings=current.observed.standings,
        triggered_by=view.triggered_by,
        behind=_behind(tx, view),
    )
    read_at = {it: record.read_at for it, record in listed.items() if not record.is_unsettled}
    trusted = Listings(read_at, current.deps.continuity.since)
    needs = missing_facts(policy, facts, trusted, current.now)
    watched = tuple(listing.path for listing in listings_of(policy, default_branch))
    return _Gathered(facts, said, needs, watched)


def _behind(tx: Transaction, view: View) -> Behind:
    """Count the newer runs that the request holds up, from the webhooks that told of them.

    At the first look nothing waits behind it yet, and a green deployment has no other.
    """
    own = view.sighting.run
    if own is None or view.request.is_untouched:
        return NOBODY
    return count_behind(own, runs.newer_runs(tx, own))


def _facts(
    tx: Transaction,
    view: View,
    policy: EnvironmentPolicy,
    listed: Mapping[ListingNeeded, ListingRecord],
    current: Pass,
) -> Facts:
    """Narrow what is stored to the few runs, and their reports, that can matter.

    Which ones count, the domain decides. Runs that GitHub lists no more are none, for certain.
    """
    rule = policy.validation
    repository_id = view.repository.id
    default_branch = view.repository.default_branch or ""
    validations = runs.candidate_runs(
        tx,
        repository_id,
        rule.workflow,
        branch=rule.branch or default_branch,
        events=rule.events,
    )
    branch = rule.branch or default_branch
    listing = listed.get(ListingNeeded(rule.workflow, branch))
    validations = tuple(
        it for it in validations if listing is None or listing.tells_of(it.started_at)
    )
    reported = reports.read_reports(
        tx, repository_id, list(dict.fromkeys(run.run_id for run in validations))
    )
    told = relevant_reports(reported, validations, rule, repository_id, default_branch)
    changes: tuple[WorkflowRun, ...] = ()
    changed = None
    if rule.covers is Covers.INFRASTRUCTURE:
        path = rule.infrastructure_workflow
        changed = listed.get(ListingNeeded(path, branch))
        changes = runs.last_changes(tx, repository_id, path, branch=branch, now=current.now)
        if changed is not None and changed.absent_since is not None:
            changes = tuple(it for it in changes if changed.tells_of(it.started_at))
    return Facts(
        request=view.request,
        default_branch=default_branch,
        validations=validations,
        infrastructure=changes,
        infrastructure_since=changed.reaches_to if changed is not None else None,
        unavailable=current.observed.unavailable,
        reports=told.own if told.previous is None else (*told.own, told.previous),
        gated=_gated(tx, view.request, validations),
    )


def _gated(
    tx: Transaction, request: GateRequest, validations: tuple[WorkflowRun, ...]
) -> tuple[RunId, ...]:
    """List the validations that are not over and wait at the gate of a request themselves."""
    running = {(run.run_id, run.run_attempt) for run in validations if not run.is_completed}
    if not running:
        return ()
    held = requests.undecided_requests(tx, request.key.repository_id)
    at_gate = {
        (it.key.run_id, it.key.run_attempt)
        for it in held
        if it.key.environment == request.key.environment
    }
    return tuple(sorted(run_id for run_id, _ in running & at_gate))


def _owed(
    tx: Transaction, view: View, decision: Decision, gathered: _Gathered, now: datetime
) -> tuple[Effect, ...]:
    """Plan what is owed to GitHub; the incident's issue is read only where a report shows it."""
    guide = Guide(gathered.routes)
    effects = plan(decision, view.request, view.entries, now, guide)
    if not effects or decision.verdict is not Verdict.WAIT:
        return effects
    guide = replace(guide, issue=find_issue(tx, view.request))
    return plan(decision, view.request, view.entries, now, guide)


def _record(
    tx: Transaction, view: View, decision: Decision, gathered: _Gathered, current: Pass
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
    effects = _owed(tx, view, decision, gathered, now)
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
    leases.record_pass(tx, lease, request, record, until=now + LEASE)
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
        failures,
        begun_at=current.begun_at,
    )
    if effects:
        return passed
    again = leases.release(
        tx, lease, generation=request.generation, due_at=due_at, failures=failures
    )
    return replace(passed, again=again)


def _pass_record(
    view: View, decision: Decision, decision_id: DecisionId, gathered: _Gathered
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
    """Give the state a decided request is in: `answering` while a review is owed or in flight."""
    review = entries.review(round_)
    in_flight = review is not None and review.is_begun
    if in_flight or decision.verdict is not Verdict.WAIT:
        return RequestState.ANSWERING
    return RequestState.WAITING
