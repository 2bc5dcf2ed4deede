"""Turn a decision into the calls that are still owed to GitHub.

Pure. All that makes a call safe to repeat lives here: its natural key, the report budget, and the
rule that a round is answered once. Sending is `gate.reconciler.requests.dispatch`.
See docs/adr/0004-answers-are-final.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.model.ledger import (
    REPORT_LIMIT,
    Effect,
    EffectKind,
    EffectStatus,
    Ledger,
    report_key,
    review_key,
)
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.request import GateRequest, ReviewState
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.explanation.explain import explain
from gate.domain.requests.explanation.remedies import ANYWHERE, Guide

KEPT_FOR_THE_END: Final = 1
"""Reports that a change of reason may not use up: the last call needs one."""

PASSING_GRACE: Final = timedelta(minutes=1)
"""How long a reason that usually passes by itself is kept to ourselves."""

_PASSING: Final = frozenset({ReasonCode.FACTS_UNAVAILABLE, ReasonCode.POLICY_UNAVAILABLE})
_RETRIABLE: Final = frozenset({EffectStatus.INTENDED, EffectStatus.WITHDRAWN})
_LAST_CALL: Final = "last_call"
_FLOWS: Final = "+flows"
_BEHIND: Final = "+behind"


def plan(
    decision: Decision,
    request: GateRequest,
    ledger: Ledger,
    now: datetime,
    guide: Guide = ANYWHERE,
) -> tuple[Effect, ...]:
    """List the effects that `request` still owes; a report shows people the ways of `guide`.

    Empty when the request is closed, and while a review of this round is begun: its outcome must be
    known before anything else is said. The same arguments give the same keys, so a repeated pass
    sends nothing twice.
    """
    review = ledger.review(request.round)
    if not request.is_undecided or (review is not None and review.is_begun):
        return ()
    match decision.verdict:
        case Verdict.APPROVE:
            return (_review(ReviewState.APPROVED, decision, request, now),)
        case Verdict.REJECT:
            return (_review(ReviewState.REJECTED, decision, request, now),)
        case Verdict.WAIT:
            return _report(decision, request, ledger, now, guide)
        case _:
            assert_never(decision.verdict)


def _review(state: ReviewState, decision: Decision, request: GateRequest, now: datetime) -> Effect:
    return Effect(
        key=review_key(request.key, request.round),
        kind=EffectKind.REVIEW,
        topic=decision.reason,
        comment=explain(decision, request, now),
        state=state,
    )


def _report(
    decision: Decision,
    request: GateRequest,
    ledger: Ledger,
    now: datetime,
    guide: Guide,
) -> tuple[Effect, ...]:
    """Plan the report of why the request waits, when it is new and the budget allows it.

    GitHub counts reports by deployment. The jobs of a matrix may come in waves (`max-parallel`):
    each round has deployments of its own, to which no report of an earlier round was posted.
    """
    sent = [entry for entry in ledger.reports if entry.round == request.round]
    topic = _topic(decision, request)
    budget = REPORT_LIMIT if decision.last_call else REPORT_LIMIT - KEPT_FOR_THE_END
    if (
        len(sent) >= budget
        or _was_said(topic, request, ledger)
        or _may_pass(decision, request, now)
    ):
        return ()
    return (
        Effect(
            key=report_key(request.key, len(ledger.reports) + 1),
            kind=EffectKind.REPORT,
            topic=topic,
            comment=explain(decision, request, now, guide),
        ),
    )


def _topic(decision: Decision, request: GateRequest) -> str:
    """Name what a report says; the last call is said once a round, whatever the reason.

    What became of people's overrides belongs to it: each refusal is said once, and a new one is
    news even after the last call. So does that flows of a failure are known, which may be later;
    which ones does not, so that reports about one failure lead to one more at most. That GitHub has
    cancelled newer deployments belongs to it as well, and is told once a round.
    """
    if decision.last_call:
        said = [f"{_LAST_CALL}/{request.round}"]
    else:
        said = list(dict.fromkeys(reason.code for reason in decision.reasons))
    if decision.needed:
        said.append(f"{decision.needed} more")
    said += [f"{claim.key}={'/'.join(claim.codes)}" for claim in decision.refused]
    topic = "+".join(said)
    if decision.last_call:
        return topic
    if _tells_flows(decision):
        topic += _FLOWS
    return topic + _BEHIND if decision.behind.cancelled else topic


def _tells_flows(decision: Decision) -> bool:
    """Return whether it is known which flows made the validation fail."""
    evidence = decision.evidence
    return (
        evidence is not None
        and evidence.state is ValidationState.FAILED
        and evidence.report is not None
        and evidence.report.failures > 0
    )


def _was_said(topic: str, request: GateRequest, ledger: Ledger) -> bool:
    """Return whether the round's newest report already tells this; a last call is the last word.

    A failure whose flows were told is told, although another run's flows may not be known yet.
    Reports of an earlier round tell nothing: that round's answer was said after them.
    """
    said = [entry.effect.topic for entry in ledger.reports if entry.round == request.round]
    if topic.startswith(_LAST_CALL):
        return any(told == topic or told.startswith(f"{topic}+") for told in said)
    if topic.endswith(_BEHIND) and not any(told.endswith(_BEHIND) for told in said):
        return False
    told = {topic.removesuffix(_BEHIND), topic.removesuffix(_BEHIND) + _FLOWS}
    return bool(said) and said[-1].removesuffix(_BEHIND) in told


def _may_pass(decision: Decision, request: GateRequest, now: datetime) -> bool:
    return decision.reason in _PASSING and now - request.waiting_since < PASSING_GRACE


def is_sendable(status: EffectStatus) -> bool:
    """Return whether a recorded effect may be begun: never when GitHub may have seen it already."""
    return status in _RETRIABLE
