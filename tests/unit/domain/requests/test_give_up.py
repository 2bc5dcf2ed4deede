"""When a hold ends by rejection, and when people are warned of it."""

from datetime import datetime, timedelta

import pytest

from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    PolicyReading,
)
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import LAST_CALL, decide
from gate.domain.requests.decision import ReasonCode, Verdict
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.builders.policies import make_environment, make_policy
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_run
from tests.unit.domain.requests.decided_requests import (
    GIVE_UP,
    GREEN,
    INVALID,
    NOT_GREEN,
    UNAVAILABLE,
    decided,
)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (GIVE_UP - TICK, Verdict.WAIT),
        (GIVE_UP, Verdict.REJECT),
        (GIVE_UP + TICK, Verdict.REJECT),
        (GIVE_UP + timedelta(days=40), Verdict.REJECT),
    ],
)
def test_give_up(now: datetime, verdict: Verdict) -> None:
    """A hold as old as the policy allows is rejected, and both reasons are given."""
    decision = decided(None, NOT_GREEN["failed"], now=now)
    assert decision.verdict is verdict
    assert decision.give_up_at == GIVE_UP
    codes = [reason.code for reason in decision.reasons]
    expected = ["gave_up"] if verdict is Verdict.REJECT else []
    assert codes == [*expected, "validation_failed"]
    assert (decision.recheck_at is None) is (verdict is Verdict.REJECT)
    assert decision.last_call is (verdict is Verdict.WAIT)


WALL = before(minutes=1) + LONGEST_HOLD


@pytest.mark.parametrize(
    ("now", "unavailable", "verdict", "give_up_at"),
    [
        (GIVE_UP - TICK, "the runs", Verdict.WAIT, GIVE_UP),
        (GIVE_UP, "the runs", Verdict.WAIT, WALL),
        (GIVE_UP, None, Verdict.REJECT, GIVE_UP),
        (WALL - TICK, "the runs", Verdict.WAIT, WALL),
        (WALL - TICK, None, Verdict.REJECT, GIVE_UP),
        (WALL, "the runs", Verdict.REJECT, WALL),
        (WALL + TICK, "the runs", Verdict.REJECT, WALL),
    ],
)
@pytest.mark.parametrize("known", [(NOT_GREEN["failed"],), ()], ids=["failed", "missing"])
def test_nobody_is_rejected_for_an_outage(
    known: tuple[WorkflowRun, ...],
    now: datetime,
    unavailable: str | None,
    verdict: Verdict,
    give_up_at: datetime,
) -> None:
    """What cannot be judged is held past `give_up_after`, until a day before GitHub's limit."""
    decision = decided(None, *known, now=now, unavailable=unavailable)
    assert (decision.verdict, decision.give_up_at) == (verdict, give_up_at)
    assert (decision.recheck_at is None) is (verdict is Verdict.REJECT)
    expected = [ReasonCode.GAVE_UP] if verdict is Verdict.REJECT else []
    expected += [ReasonCode.FACTS_UNAVAILABLE] if unavailable else []
    assert [reason.code for reason in decision.reasons][:-1] == expected


def test_a_green_that_was_hidden_by_an_outage_opens() -> None:
    """Once the facts can be read again, they decide."""
    green = make_run(started_at=GIVE_UP - TICK)
    hidden = decided(None, green, now=GIVE_UP, unavailable="the runs")
    assert hidden.verdict is Verdict.WAIT
    assert decided(None, green, now=GIVE_UP + TICK).verdict is Verdict.APPROVE


def test_green_beats_giving_up() -> None:
    """A green that comes at the last instant, or after it, still opens."""
    green = make_run(started_at=GIVE_UP)
    assert decided(None, green, now=GIVE_UP + TICK).verdict is Verdict.APPROVE


@pytest.mark.parametrize("reading", [INVALID, UNAVAILABLE, make_policy(name="staging")])
@pytest.mark.parametrize(
    ("late", "verdict"),
    [(-TICK, Verdict.WAIT), (timedelta(), Verdict.REJECT), (TICK, Verdict.REJECT)],
)
def test_give_up_without_policy(reading: PolicyReading, late: timedelta, verdict: Verdict) -> None:
    """Where no policy speaks the hold ends a day before GitHub's own limit."""
    decision = decided(reading, GREEN, now=before(minutes=1) + LONGEST_HOLD + late)
    assert decision.verdict is verdict
    assert (decision.reason is ReasonCode.GAVE_UP) is (verdict is Verdict.REJECT)
    assert (decision.recheck_at is None) is (verdict is Verdict.REJECT)


def test_the_clock_of_a_later_round() -> None:
    """A hold is as old as the round it belongs to, not as the first job that asked."""
    request = make_request(opened_at=before(days=3), waiting_since=before(minutes=1))
    facts = make_facts(request=request, validations=())
    assert decide(make_policy(), facts, NOW).verdict is Verdict.WAIT


@pytest.mark.parametrize(
    ("give_up_after", "warned_before"),
    [
        (timedelta(hours=24), LAST_CALL),
        (timedelta(hours=4), LAST_CALL),
        (timedelta(hours=2), timedelta(minutes=30)),
        (timedelta(minutes=8), timedelta(minutes=2)),
    ],
)
def test_last_call(give_up_after: timedelta, warned_before: timedelta) -> None:
    """People are warned an hour before the end, or when a quarter of a short hold is left."""
    reading = make_policy(make_environment(give_up_after=give_up_after))
    edge = NOW + give_up_after - warned_before
    for now, warned in ((edge - TICK, False), (edge, True), (edge + TICK, True)):
        assert decided(reading, now=now, waiting_since=NOW).last_call is warned


def test_giving_up_without_a_policy_is_on_record_with_what_was_read() -> None:
    """The digest of the file that is not valid, and when the hold ended."""
    since = NOW - LONGEST_HOLD
    decision = decided(INVALID, waiting_since=since)
    assert decision.verdict is Verdict.REJECT
    assert (decision.policy_digest, decision.give_up_at) == (INVALID.digest, NOW)
