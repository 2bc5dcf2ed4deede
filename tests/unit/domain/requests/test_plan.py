"""What the gate still has to send to GitHub: one review a round, and few reports."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.model.ledger import EffectKind, EffectStatus, Ledger
from gate.domain.model.request import UNDECIDED, RequestState, ReviewState
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.plan import PASSING_GRACE, is_sendable, plan
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.builders.ledger import make_ledger, make_report, make_review
from tests.support.builders.requests import make_decision, make_request
from tests.unit.domain.requests.planned_topics import (
    APPROVE,
    BEGUN,
    LAST_CALL,
    REJECT,
    WAIT,
    topics,
)


@pytest.mark.parametrize(
    ("decision", "state"), [(APPROVE, ReviewState.APPROVED), (REJECT, ReviewState.REJECTED)]
)
def test_review(decision: Decision, state: ReviewState) -> None:
    """A verdict is owed to GitHub as one review with the reason as its topic."""
    (effect,) = plan(decision, make_request(), Ledger(), NOW)
    assert effect.kind is EffectKind.REVIEW
    assert effect.key == "review/1001/601/1/production-frontend/1"
    assert effect.state is state
    assert effect.topic == decision.reason
    assert effect.comment


def test_report_on_opening() -> None:
    """A request that is held says so at once, and decides nothing by it."""
    (effect,) = plan(WAIT, make_request(), Ledger(), NOW)
    assert effect.kind is EffectKind.REPORT
    assert effect.key == "report/1001/601/1/production-frontend/1"
    assert effect.state is None
    assert effect.topic == "validation_failed"
    assert "On hold" in effect.comment


def test_every_reason_is_in_the_topic() -> None:
    """A report is about all reasons, each named once."""
    codes = (ReasonCode.VALIDATION_STALE, ReasonCode.GAVE_UP, ReasonCode.VALIDATION_STALE)
    assert topics(make_decision(Verdict.WAIT, *codes)) == ["validation_stale+gave_up"]


@pytest.mark.parametrize("status", BEGUN)
def test_nothing_twice(status: EffectStatus) -> None:
    """A reason that was told, or may have been, is not told again."""
    assert topics(WAIT, make_report(status=status)) == []


@pytest.mark.parametrize("status", [EffectStatus.INTENDED, EffectStatus.WITHDRAWN])
def test_report_that_was_never_begun(status: EffectStatus) -> None:
    """A report that GitHub never saw is planned again under its old key."""
    (effect,) = plan(WAIT, make_request(), make_ledger(make_report(status=status)), NOW)
    assert effect.key == make_report().effect.key


def test_report_on_change_of_reason() -> None:
    """A new reason is told under the next number."""
    told = make_ledger(make_report(topic="validation_running"))
    (effect,) = plan(WAIT, make_request(), told, NOW)
    assert effect.key == "report/1001/601/1/production-frontend/2"


def test_report_when_a_reason_returns() -> None:
    """A reason that comes back is news: the newest report must be the true one."""
    told = [make_report(1), make_report(2, topic="validation_running")]
    assert topics(WAIT, *told) == ["validation_failed"]


@pytest.mark.parametrize("status", BEGUN)
@pytest.mark.parametrize("decision", [WAIT, LAST_CALL, APPROVE, REJECT])
def test_silence_while_a_review_is_begun(decision: Decision, status: EffectStatus) -> None:
    """Once a review was begun nothing more is said, whatever its outcome was."""
    assert topics(decision, make_review(status)) == []


@pytest.mark.parametrize("status", [EffectStatus.INTENDED, EffectStatus.WITHDRAWN])
def test_review_that_was_never_begun(status: EffectStatus) -> None:
    """A review that was only intended, or withdrawn, is planned again under the same key."""
    ledger = make_ledger(make_review(status))
    (effect,) = plan(APPROVE, make_request(), ledger, NOW)
    assert effect.key == make_review().effect.key
    (effect,) = plan(REJECT, make_request(), ledger, NOW)
    assert (effect.key, effect.state) == (make_review().effect.key, ReviewState.REJECTED)


def test_evidence_lost_before_the_review() -> None:
    """An intended approval gives way to a report when its evidence is gone."""
    assert topics(WAIT, make_review()) == ["validation_failed"]


@pytest.mark.parametrize("state", [it for it in RequestState if it not in UNDECIDED])
@pytest.mark.parametrize("decision", [WAIT, LAST_CALL, APPROVE, REJECT])
def test_closed_owes_nothing(decision: Decision, state: RequestState) -> None:
    """A request that is over owes nothing, however it ended."""
    assert topics(decision, request=make_request(state=state)) == []


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_undecided_owes_an_answer(state: RequestState) -> None:
    """A request that is not over owes its answer, in whichever state it is."""
    assert topics(APPROVE, request=make_request(state=state)) == ["validation_passed"]


def test_review_of_the_next_round() -> None:
    """The answer of an earlier round does not answer a late job."""
    request = make_request(round=2)
    ledger = make_ledger(make_review(EffectStatus.DONE))
    (effect,) = plan(APPROVE, request, ledger, NOW)
    assert effect.key == "review/1001/601/1/production-frontend/2"


def test_report_of_the_next_round() -> None:
    """A late job that is held for the old reason is told so: the last word was an approval."""
    entries = [make_report(), make_review(EffectStatus.DONE)]
    request = make_request(round=2)
    (effect,) = plan(WAIT, request, make_ledger(*entries), NOW)
    assert effect.key == "report/1001/601/1/production-frontend/2"


def test_last_call_of_the_next_round() -> None:
    """Each round has its own last call."""
    told = make_report(topic="last_call/1")
    assert topics(LAST_CALL, told, request=make_request(round=2)) == ["last_call/2"]


@pytest.mark.parametrize("code", [ReasonCode.FACTS_UNAVAILABLE, ReasonCode.POLICY_UNAVAILABLE])
def test_passing_reason(code: ReasonCode) -> None:
    """A reason that usually passes by itself is told only after a minute."""
    decision = make_decision(Verdict.WAIT, code)
    for waited, told in (
        (PASSING_GRACE - TICK, []),
        (PASSING_GRACE, [code]),
        (PASSING_GRACE + TICK, [code]),
    ):
        request = make_request(waiting_since=NOW - waited)
        assert topics(decision, request=request) == told


def test_lasting_reason() -> None:
    """Any other reason is told at once."""
    assert topics(WAIT, request=make_request(waiting_since=NOW)) == ["validation_failed"]


def test_passing_reason_does_not_delay_a_review() -> None:
    """A verdict is owed at once, even where reading the facts failed."""
    approve = replace(APPROVE, reasons=(Reason(ReasonCode.OBSERVE_MODE),))
    assert topics(approve, request=make_request(waiting_since=NOW)) == ["observe_mode"]


def test_same_input_same_keys() -> None:
    """Planning again plans the same."""
    request = make_request(waiting_since=before(hours=1))
    first = plan(WAIT, request, Ledger(), NOW)
    assert plan(WAIT, request, Ledger(), NOW) == first
    later = plan(WAIT, request, Ledger(), NOW + timedelta(minutes=1))
    assert [effect.key for effect in later] == [effect.key for effect in first]


@pytest.mark.parametrize("status", EffectStatus)
def test_what_may_be_sent(status: EffectStatus) -> None:
    """Only an effect that GitHub cannot have seen may be begun."""
    assert is_sendable(status) is (status not in BEGUN)
