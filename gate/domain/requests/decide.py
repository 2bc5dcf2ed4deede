"""Decide one gate request from what is known, at one instant.

Pure. WAIT is what is left when nothing else is proven: a missing policy, an unknown value or an
unreadable fact holds. See docs/adr/0002-three-verdicts-wait-is-default.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.judge import judge_facts
from gate.domain.model.facts import Facts
from gate.domain.model.overrides import (
    OverrideAsk,
    OverrideJudgment,
    OverrideRecord,
    RefusedClaim,
    describe,
    describe_refused,
)
from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Mode,
    OverridePolicy,
    PolicyReading,
    Reaction,
    UnavailablePolicy,
    ValidationState,
)
from gate.domain.overrides.rule import ask_for, judge_claims
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict

ENGINE_VERSION: Final = "7"
"""Raised whenever the same facts may lead to another verdict or another text of a reason, so that a
replay knows."""

LOOK_AGAIN: Final = timedelta(minutes=5)
"""The longest a held request goes without another look, whatever webhooks do."""

LAST_CALL: Final = timedelta(hours=1)
"""How long before the end of a hold people are told that it ends; a short hold tells them when a
quarter of it is left."""


STATE_REASON: Final = {
    ValidationState.PASSED: ReasonCode.VALIDATION_PASSED,
    ValidationState.FAILED: ReasonCode.VALIDATION_FAILED,
    ValidationState.RUNNING: ReasonCode.VALIDATION_RUNNING,
    ValidationState.INCONCLUSIVE: ReasonCode.VALIDATION_INCONCLUSIVE,
    ValidationState.MISSING: ReasonCode.VALIDATION_MISSING,
    ValidationState.STALE: ReasonCode.VALIDATION_STALE,
    ValidationState.UNCOVERED: ReasonCode.VALIDATION_UNCOVERED,
    ValidationState.WAITS_FOR_ITSELF: ReasonCode.VALIDATION_WAITS_FOR_ITSELF,
}
"""The reason that each state of the validation gives."""


def decide(reading: PolicyReading, facts: Facts, now: datetime) -> Decision:
    """Judge the request by the policy and the facts as they stand at `now`.

    APPROVE only on evidence that satisfies a valid policy, on a complete override of a hold that
    the policy lets be overridden, or because that policy says `observe`. Total and deterministic:
    it raises nothing on data.
    """
    decision, _ = _judge(reading, facts, now)
    is_held = decision.verdict is Verdict.WAIT
    return replace(decision, behind=facts.behind) if is_held else decision


def deciding_policy(
    reading: PolicyReading, facts: Facts, now: datetime
) -> EnvironmentPolicy | None:
    """Return the policy that `decide` goes by: the floor's, where only the floor holds."""
    _, policy = _judge(reading, facts, now)
    return policy


_Judgment = tuple[Decision, EnvironmentPolicy | None]
"""A decision, and the policy that it goes by; None where no policy speaks."""


def _judge(reading: PolicyReading, facts: Facts, now: datetime) -> _Judgment:
    match reading:
        case UnavailablePolicy(detail):
            reason = Reason(ReasonCode.POLICY_UNAVAILABLE, detail)
            return _without_policy(reason, "", facts, now), None
        case InvalidPolicy(problems, digest, source):
            detail = "\n".join([f"{source}:", *map(str, problems)])
            reason = Reason(ReasonCode.POLICY_INVALID, detail)
            return _without_policy(reason, digest, facts, now), None
        case LoadedPolicy(policy, digest, source, floor):
            environment = policy.environment(facts.request.environment)
            if environment is None:
                reason = Reason(ReasonCode.ENVIRONMENT_NOT_IN_POLICY, source)
                return _without_policy(reason, digest, facts, now), None
            decision = _by_policy(environment, digest, facts, now)
            required = floor.environment(facts.request.environment) if floor is not None else None
            if required is None or decision.verdict is not Verdict.APPROVE:
                return decision, environment
            floored = _above(required, decision, facts, now)
            return (decision, environment) if floored is None else (floored, required)
        case _:
            assert_never(reading)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A verdict with what it rests on, before its times are known."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    override: OverrideRecord | None = None
    ask: OverrideAsk | None = None
    refused: tuple[RefusedClaim, ...] = ()
    needed: int = 0


def _by_policy(policy: EnvironmentPolicy, digest: str, facts: Facts, now: datetime) -> Decision:
    """Judge by the environment's own policy."""
    evidence = judge_facts(policy.validation, facts, now)
    weighed = _weigh(policy, evidence, facts)
    since = facts.request.waiting_since
    give_up_at = _end_of_hold(policy, facts, now)
    if policy.mode is Mode.OBSERVE:
        observed = (Reason(ReasonCode.OBSERVE_MODE), *weighed.reasons)
        weighed = _Weighed(Verdict.APPROVE, observed)
    elif weighed.verdict is Verdict.WAIT and now >= give_up_at:
        weighed = _Weighed(Verdict.REJECT, (Reason(ReasonCode.GAVE_UP), *weighed.reasons))
    decision = Decision(
        weighed.verdict,
        weighed.reasons,
        evidence,
        digest,
        recheck_at=None,
        give_up_at=give_up_at,
        override=weighed.override,
        ask=weighed.ask,
        refused=weighed.refused,
        needed=weighed.needed,
    )
    return _completed(decision, since, now)


def _above(
    floor: EnvironmentPolicy, decision: Decision, facts: Facts, now: datetime
) -> Decision | None:
    """Return the floor's decision in place of an approval; None where it approves too.

    A policy that is stricter key by key may hold for another reason than the floor does, and let
    people override that one.
    """
    required = _by_policy(floor, decision.policy_digest, facts, now)
    if required.verdict is Verdict.APPROVE:
        return None
    first, *others = required.reasons
    whose = f"{first.detail}, by the organization's policy".removeprefix(", ")
    required = replace(required, reasons=(replace(first, detail=whose), *others))
    if required.recheck_at is None or decision.evidence is None:
        return required
    stale_at = decision.evidence.stale_at
    if stale_at is None or not now < stale_at < required.recheck_at:
        return required
    return replace(required, recheck_at=stale_at)


def _end_of_hold(policy: EnvironmentPolicy, facts: Facts, now: datetime) -> datetime:
    """Return the end of the hold; while the facts cannot be read it is the last that GitHub allows.

    A rejection is final. Nobody could have made the validation green for a gate that cannot see it,
    so what the policy's end does is decided by the facts, as soon as they can be read.
    """
    since = facts.request.waiting_since
    end = since + policy.give_up_after
    if facts.unavailable is not None and now >= end:
        return since + LONGEST_HOLD
    return end


def _weigh(policy: EnvironmentPolicy, evidence: Evidence, facts: Facts) -> _Weighed:
    """Turn evidence into a verdict with its reasons, before modes and time limits.

    While a needed fact cannot be read, nothing is approved and nothing is rejected: what GitHub
    does not show today may turn either verdict into a wrong one.
    """
    found = Reason(STATE_REASON[evidence.state], evidence.detail)
    if facts.unavailable is not None:
        missing = Reason(ReasonCode.FACTS_UNAVAILABLE, facts.unavailable)
        proven_pass = evidence.state is ValidationState.PASSED
        return _Weighed(Verdict.WAIT, (missing,) if proven_pass else (missing, found))
    if evidence.state is ValidationState.PASSED:
        return _Weighed(Verdict.APPROVE, (found,))
    if policy.when.to(evidence.state) is Reaction.REJECT:
        return _Weighed(Verdict.REJECT, (found,))
    return _weigh_override(policy.override, evidence, facts, found)


def _weigh_override(
    policy: OverridePolicy, evidence: Evidence, facts: Facts, found: Reason
) -> _Weighed:
    """Let people release a hold, or say what their overrides lack."""
    judgment = judge_claims(policy, facts, evidence)
    if judgment.is_complete:
        record = OverrideRecord(judgment.accepted)
        released = Reason(ReasonCode.OVERRIDE, "\n".join(map(describe, record.claims)))
        return _Weighed(Verdict.APPROVE, (released, found), override=record)
    return _Weighed(
        Verdict.WAIT,
        (found, *_what_lacks(judgment)),
        ask=ask_for(policy, facts.request, evidence),
        refused=judgment.outstanding,
        needed=judgment.needed if judgment.accepted else 0,
    )


def _what_lacks(judgment: OverrideJudgment) -> Iterator[Reason]:
    """Return the reasons why what people said does not release a hold; none when nobody spoke."""
    barred = [it for it in judgment.outstanding if not it.is_mendable]
    lacking = [describe_refused(it) for it in judgment.outstanding if it.is_mendable]
    if judgment.accepted:
        reviewers = "reviewer" if judgment.needed == 1 else "reviewers"
        lacking.append(f"{judgment.needed} more {reviewers} must override")
    if barred:
        yield Reason(ReasonCode.OVERRIDE_INELIGIBLE, "\n".join(map(describe_refused, barred)))
    if lacking:
        yield Reason(ReasonCode.OVERRIDE_INCOMPLETE, "\n".join(lacking))


def _without_policy(reason: Reason, digest: str, facts: Facts, now: datetime) -> Decision:
    """Hold a request that no policy speaks for, until shortly before GitHub's own limit."""
    since = facts.request.waiting_since
    give_up_at = since + LONGEST_HOLD
    if now >= give_up_at:
        gave_up = (Reason(ReasonCode.GAVE_UP), reason)
        return Decision(Verdict.REJECT, gave_up, None, digest, None, give_up_at)
    held = Decision(Verdict.WAIT, (reason,), None, digest, None, give_up_at)
    return _completed(held, since, now)


def _completed(decision: Decision, waiting_since: datetime, now: datetime) -> Decision:
    """Add to a WAIT the next instant at which it may change although no fact does."""
    if decision.verdict is not Verdict.WAIT:
        return decision
    last_call_at = decision.give_up_at - min(LAST_CALL, (decision.give_up_at - waiting_since) / 4)
    edges = [now + LOOK_AGAIN, last_call_at, decision.give_up_at]
    if decision.evidence is not None and decision.evidence.stale_at is not None:
        edges.append(decision.evidence.stale_at)
    recheck_at = min(edge for edge in edges if edge > now)
    return replace(decision, recheck_at=recheck_at, last_call=now >= last_call_at)
