"""Judge whether people have released a held deployment, and whose override counts.

Pure. A claim counts only when nothing at all is wrong with it. What is not known (whether the
person may override now, who started the deployment) is wrong with it until it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.facts import Facts
from gate.domain.model.ids import AccountId, environment_key
from gate.domain.model.overrides import (
    OPEN_QUESTIONS,
    OverrideAsk,
    OverrideChannel,
    OverrideClaim,
    OverrideJudgment,
    OverrideRoutes,
    Refusal,
    RefusalCode,
    RefusedClaim,
    Standing,
)
from gate.domain.model.policy.policy import OverridePolicy, ValidationState
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import Account, WorkflowRun
from gate.domain.overrides.rationale import is_too_long, read_rationale

RECEIPT_LAG: Final = timedelta(seconds=30)
"""How long GitHub may take to tell of a review; one that is told of later than that was given
later, too."""

_NEVER_OVERRIDDEN: Final = frozenset({ValidationState.PASSED, ValidationState.RUNNING})


def judge_claims(policy: OverridePolicy, facts: Facts, evidence: Evidence) -> OverrideJudgment:
    """Judge the claims among the facts of a request that is held on `evidence`."""
    return judge_override(
        policy,
        facts.claims,
        facts.standings,
        request=facts.request,
        triggered_by=facts.triggered_by,
        evidence=evidence,
    )


def ask_for(policy: OverridePolicy, request: GateRequest, evidence: Evidence) -> OverrideAsk | None:
    """Return what an override of this hold takes; None when nobody may override it."""
    if not policy.allow or not _is_overridable(policy, evidence.state):
        return None
    environment = policy.environment_for(request.environment)
    return OverrideAsk(environment, policy.approvals, policy.min_length, policy.acknowledge)


def open_routes(policy: OverridePolicy, *, review: bool, environment: bool) -> OverrideRoutes:
    """Return the routes that are open.

    `review` and `environment` say which of the two environments has required reviewers; they may
    comment, too, and so may those whom the policy lists.
    """
    return OverrideRoutes(review, environment, bool(policy.reviewers) or review or environment)


def _is_overridable(policy: OverridePolicy, state: ValidationState) -> bool:
    """Return whether a hold may be overridden; the result of a running validation is waited for.

    One that waits for itself has none: it proves nothing, like one that was cancelled.
    """
    if state is ValidationState.WAITS_FOR_ITSELF:
        return ValidationState.INCONCLUSIVE in policy.holds
    return state in policy.holds and state not in _NEVER_OVERRIDDEN


def judge_override(
    policy: OverridePolicy,
    claims: Iterable[OverrideClaim],
    standings: Iterable[Standing],
    *,
    request: GateRequest,
    triggered_by: tuple[AccountId, ...] | None,
    evidence: Evidence,
) -> OverrideJudgment:
    """Return which claims release `request`, held on `evidence`, and what is wrong with the others.

    The order of claims and standings does not matter, and neither does the time of day: nothing
    about a claim changes but by a fact. A person counts once, by numeric id, and the first claim
    that counts is theirs. Total: it raises nothing on data.
    """
    context = _Context(policy, tuple(standings), request, triggered_by, evidence)
    accepted: dict[AccountId, OverrideClaim] = {}
    refused: list[RefusedClaim] = []
    for claim in sorted(claims, key=lambda it: (it.given_at, it.key)):
        refusals = tuple(_check_claim(claim, context))
        if refusals:
            refused.append(
                RefusedClaim(claim.key, claim.channel, claim.person, claim.given_at, refusals)
            )
        else:
            accepted.setdefault(claim.person.id, claim)
    newest = {it.person.id: it for it in refused if it.person.id not in accepted}
    outstanding = tuple(it for it in refused if newest.get(it.person.id) is it)
    needed = max(0, policy.approvals - len(accepted))
    is_open = needed > 0 or not accepted
    return OverrideJudgment(
        accepted=tuple(accepted.values()),
        refused=tuple(refused),
        outstanding=outstanding,
        needed=needed,
        unknown=_lacking(refused, RefusalCode.ELIGIBILITY_UNKNOWN) if is_open else (),
        asks_trigger=is_open
        and triggered_by is None
        and bool(_lacking(refused, RefusalCode.TRIGGER_UNKNOWN)),
    )


def _lacking(refused: Iterable[RefusedClaim], first: RefusalCode) -> tuple[Account, ...]:
    """List the people with a claim that lacks nothing but what can be looked up, `first` first."""
    people: dict[AccountId, Account] = {}
    for it in refused:
        open_questions = [code for code in it.codes if code in OPEN_QUESTIONS]
        if len(open_questions) == len(it.codes) and open_questions[0] is first:
            people.setdefault(it.person.id, it.person)
    return tuple(people.values())


@dataclass(frozen=True, slots=True)
class _Context:
    """What every claim on one request is held against."""

    policy: OverridePolicy
    standings: tuple[Standing, ...]
    request: GateRequest
    triggered_by: tuple[AccountId, ...] | None
    evidence: Evidence


def _check_claim(claim: OverrideClaim, context: _Context) -> Iterator[Refusal]:
    """List everything that is wrong with a claim; nothing means that it counts."""
    yield from _check_hold(claim, context)
    yield from _check_subject(claim, context)
    yield from _check_person(claim, context)
    yield from _check_rationale(claim, context.policy)


def _check_hold(claim: OverrideClaim, context: _Context) -> Iterator[Refusal]:
    """Find fault with the hold: is it one that may be released, and was it there already?"""
    state = context.evidence.state
    if not context.policy.allow:
        yield Refusal(RefusalCode.NOT_ALLOWED, "the policy does not allow overrides")
    if not _is_overridable(context.policy, state):
        detail = f"the policy does not allow overriding a hold on a {_spell(state)} validation"
        if state is ValidationState.RUNNING:
            detail = "a running validation cannot be overridden; wait for its result"
        yield Refusal(RefusalCode.HOLD_NOT_OVERRIDABLE, detail)
        return
    since = held_since(context.evidence, context.request)
    if since is None or not _was_given_after(claim, since, context.policy):
        detail = "it was given before or just as this hold began; repeat it in a comment"
        yield Refusal(RefusalCode.BEFORE_RED, detail)


def _spell(state: ValidationState) -> str:
    """Spell a state as an adjective."""
    return "self-blocking" if state is ValidationState.WAITS_FOR_ITSELF else state.value


def _was_given_after(claim: OverrideClaim, since: datetime, policy: OverridePolicy) -> bool:
    """Return whether a claim is surely about a hold that began then.

    What GitHub's `since` of a review means is not documented: when it was given, or since when the
    deployment waited for it. So it counts as well when it was first told of clearly later, and the
    reviewer has written that they accept the risk, and why.
    """
    # GitHub tells whole seconds: in the same one, nobody knows which came first.
    if claim.given_at > since:
        return True
    told_later = claim.received_at is not None and claim.received_at - since > RECEIPT_LAG
    return told_later and not any(_check_rationale(claim, policy))


def held_since(evidence: Evidence, request: GateRequest) -> datetime | None:
    """Return since when the evidence holds the request; only what was written later counts for it.

    A run that ended badly stands since its end, one that a report made worse since that report, and
    one that became too old since then. Without a run, or with one that covers too little, people
    learn of the hold when the request waits. None means that nobody knows, and then nothing counts.
    """
    run = evidence.run
    match evidence.state:
        case ValidationState.FAILED | ValidationState.INCONCLUSIVE:
            ends = (run.updated_at if run is not None else None, evidence.worsened_at)
            return max((it for it in ends if it is not None), default=None)
        case ValidationState.STALE:
            return evidence.stale_at
        case ValidationState.MISSING | ValidationState.UNCOVERED:
            ended = [_known_since(it) for it in (run, evidence.infrastructure) if it is not None]
            return max([request.waiting_since, *ended])
        case ValidationState.WAITS_FOR_ITSELF:
            return request.waiting_since
        case ValidationState.PASSED | ValidationState.RUNNING:
            return None
        case _:
            assert_never(evidence.state)


def _known_since(run: WorkflowRun) -> datetime:
    """Return since when a run stands as it does: its end, or its start while it is not over."""
    return run.updated_at if run.is_completed else run.started_at


def _check_subject(claim: OverrideClaim, context: _Context) -> Iterator[Refusal]:
    """Find fault with what a claim is about: it never carries over to another attempt."""
    request = context.request
    if (claim.run_id, claim.run_attempt) != (request.key.run_id, request.key.run_attempt):
        detail = f"it is for run {claim.run_id}, attempt {claim.run_attempt}"
        yield Refusal(RefusalCode.OTHER_ATTEMPT, detail)
    elif _is_about_another_attempt(claim, request):
        detail = f"it was given before attempt {claim.run_attempt} reached the gate"
        yield Refusal(RefusalCode.OTHER_ATTEMPT, detail)
    if claim.head_sha != request.head_sha:
        detail = f"it is for commit {claim.head_sha[:7]}, not {request.head_sha[:7]}"
        yield Refusal(RefusalCode.OTHER_COMMIT, detail)
    asked = request.environment
    if claim.channel is OverrideChannel.ENVIRONMENT:
        asked = context.policy.environment_for(request.environment)
    if environment_key(claim.environment) != environment_key(asked):
        detail = f"it was given for {claim.environment}, not for {asked}"
        yield Refusal(RefusalCode.OTHER_ENVIRONMENT, detail)


def _is_about_another_attempt(claim: OverrideClaim, request: GateRequest) -> bool:
    """Return whether a claim that names its run was made before this attempt was there to be meant.

    A webhook that comes late finds the re-run held, and would be bound to it. A review needs no
    binding: GitHub tells its attempt.
    """
    is_rerun = request.key.run_attempt > 1
    is_named = claim.channel is not OverrideChannel.REVIEW
    return is_rerun and is_named and claim.given_at < request.opened_at


def _check_person(claim: OverrideClaim, context: _Context) -> Iterator[Refusal]:
    """Find fault with who speaks; identity is the numeric id, since logins are reused."""
    if not claim.is_person:
        yield Refusal(RefusalCode.NOT_A_PERSON, "only a person can override, not a bot or an App")
    if context.policy.prevent_self_review:
        if not context.triggered_by:
            detail = "the gate does not know yet who started the deployment"
            yield Refusal(RefusalCode.TRIGGER_UNKNOWN, detail)
        elif claim.person.id in context.triggered_by:
            yield Refusal(
                RefusalCode.SELF_REVIEW,
                "they started the deployment, and the policy does not allow self-review",
            )
    own = [it for it in context.standings if it.person_id == claim.person.id]
    denied = [it.detail for it in own if not it.may]
    if denied:
        yield Refusal(RefusalCode.NOT_ELIGIBLE, f"they are not an eligible reviewer: {min(denied)}")
    elif not own:
        detail = "the gate has not checked yet whether they are an eligible reviewer"
        yield Refusal(RefusalCode.ELIGIBILITY_UNKNOWN, detail)


def _check_rationale(claim: OverrideClaim, policy: OverridePolicy) -> Iterator[Refusal]:
    """Find fault with what a claim says."""
    if is_too_long(claim.rationale):
        yield Refusal(RefusalCode.RATIONALE_TOO_LONG, "the rationale is longer than 8 KiB")
        return
    reading = read_rationale(claim.rationale, policy.acknowledge)
    if reading.length < policy.min_length:
        lacking = policy.min_length - reading.length
        detail = (
            f"the rationale needs {lacking} more character{'s' if lacking > 1 else ''} (minimum"
            f" {policy.min_length}, without spaces and “{policy.acknowledge}”)"
        )
        yield Refusal(RefusalCode.RATIONALE_SHORT, detail)
    if not reading.acknowledged:
        detail = f"the rationale must contain “{policy.acknowledge}”"
        yield Refusal(RefusalCode.NOT_ACKNOWLEDGED, detail)
