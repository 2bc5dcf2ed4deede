"""When a deployment may go on, when it must wait, and when the gate says no."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.policy import (
    LONGEST_HOLD,
    Covers,
    InvalidPolicy,
    Mode,
    Policy,
    PolicyReading,
    Problem,
    Reaction,
    UnavailablePolicy,
    ValidationState,
)
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import LAST_CALL, LOOK_AGAIN, decide
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.support.builders import (
    DIGEST,
    ENVIRONMENT,
    NOW,
    OTHER_SHA,
    TICK,
    before,
    make_claim,
    make_environment,
    make_facts,
    make_key,
    make_policy,
    make_request,
    make_run,
    make_standing,
)

INVALID = InvalidPolicy((Problem(3, 5, "environments.x", "unknown key"),), "sha256:bad", "the file")
UNAVAILABLE = UnavailablePolicy("GitHub answered 502")

GREEN = make_run()
NOT_GREEN = {
    "failed": make_run(conclusion="failure"),
    "running": make_run(status="in_progress", conclusion=None),
    "inconclusive": make_run(conclusion="cancelled"),
    "missing": make_run(head_branch="feature"),
    "stale": make_run(started_at=before(hours=25)),
}


def decided(
    reading: PolicyReading | None = None,
    *validations: WorkflowRun,
    now: datetime = NOW,
    waiting_since: datetime | None = None,
    unavailable: str | None = None,
) -> Decision:
    """Decide a request that has waited for a minute, or since `waiting_since`."""
    request = make_request(waiting_since=waiting_since or before(minutes=1))
    facts = make_facts(request=request, validations=validations, unavailable=unavailable)
    return decide(reading or make_policy(), facts, now)


def test_green_is_approved() -> None:
    """A fresh green validation lets the deployment go on, for that reason alone."""
    decision = decided(None, GREEN)
    assert decision.verdict is Verdict.APPROVE
    assert [reason.code for reason in decision.reasons] == ["validation_passed"]
    assert decision.recheck_at is None
    assert decision.policy_digest == DIGEST
    assert decision.evidence is not None
    assert decision.evidence.run == GREEN


@pytest.mark.parametrize("state", NOT_GREEN)
def test_not_green_is_held(state: str) -> None:
    """Whatever is not green is held by default, and the reason names the state."""
    decision = decided(None, NOT_GREEN[state])
    assert decision.verdict is Verdict.WAIT
    assert decision.reason == f"validation_{state}"


@pytest.mark.parametrize("state", NOT_GREEN)
@pytest.mark.parametrize("asked", NOT_GREEN)
def test_reject_is_asked_for_each_state_alone(state: str, asked: str) -> None:
    """A policy that rejects one state rejects that state and holds all others."""
    decision = decided(make_policy(make_environment(**{asked: Reaction.REJECT})), NOT_GREEN[state])
    assert decision.verdict is (Verdict.REJECT if state == asked else Verdict.WAIT)
    assert decision.reason == f"validation_{state}"


def test_reject_does_not_touch_the_green() -> None:
    """A policy that rejects everything that is not green still approves a green."""
    reject = dict.fromkeys(NOT_GREEN, Reaction.REJECT)
    assert decided(make_policy(make_environment(**reject)), GREEN).verdict is Verdict.APPROVE


def test_uncovered_is_held() -> None:
    """A green that does not cover the deployment is held, even where everything is rejected."""
    reject = dict.fromkeys(NOT_GREEN, Reaction.REJECT)
    reading = make_policy(make_environment(covers=Covers.SAME_COMMIT, **reject))
    decision = decided(reading, make_run(head_sha=OTHER_SHA))
    assert (decision.verdict, decision.reason) == (Verdict.WAIT, "validation_uncovered")


WAITING = make_run(status="waiting", conclusion=None)
OWN = make_request(key=make_key(run_id=WAITING.run_id))


@pytest.mark.parametrize(
    ("request_", "gated", "code"),
    [
        (OWN, (), "validation_waits_for_itself"),
        (make_request(), (WAITING.run_id,), "validation_waits_for_itself"),
        (make_request(), (), "validation_running"),
        (make_request(), (RunId(77),), "validation_running"),
    ],
)
@pytest.mark.parametrize("reaction", Reaction)
def test_a_validation_that_waits_for_itself(
    request_: GateRequest, gated: tuple[RunId, ...], code: str, reaction: Reaction
) -> None:
    """It is not rejected for being on its way, since it cannot end before it is released."""
    facts = make_facts(request=request_, validations=(WAITING,), gated=gated)
    decision = decide(make_policy(running=reaction), facts, NOW)
    assert decision.reason == code
    if code == "validation_waits_for_itself":
        assert decision.verdict is Verdict.WAIT
        assert decision.ask is not None


def test_a_validation_that_waited_for_itself_and_ended() -> None:
    """It shows what it shows."""
    failed = replace(WAITING, status="completed", conclusion="failure")
    facts = make_facts(request=OWN, validations=(failed,), gated=(failed.run_id,))
    assert decide(make_policy(), facts, NOW).reason == "validation_failed"


def test_each_decision_says_why() -> None:
    """The reason's detail tells what was seen."""
    decision = decided(None, NOT_GREEN["failed"])
    assert decision.reasons[0].detail == "the run failed"


@pytest.mark.parametrize("run", [*NOT_GREEN.values(), GREEN])
def test_observe_mode(run: WorkflowRun) -> None:
    """Observe mode approves whatever it saw, says so first, and still records what it saw."""
    decision = decided(make_policy(mode=Mode.OBSERVE), run)
    enforced = decided(None, run)
    assert decision.verdict is Verdict.APPROVE
    assert decision.reason is ReasonCode.OBSERVE_MODE
    assert decision.reasons[1:] == enforced.reasons
    assert decision.recheck_at is None


def test_observe_mode_never_rejects() -> None:
    """Observe mode approves even what the policy rejects, and however long it has lasted."""
    reading = make_policy(mode=Mode.OBSERVE, failed=Reaction.REJECT)
    decision = decided(reading, NOT_GREEN["failed"], waiting_since=before(days=2))
    assert decision.verdict is Verdict.APPROVE


def test_observe_mode_without_facts() -> None:
    """Observe mode holds nothing, not even while GitHub cannot be asked."""
    reading = make_policy(mode=Mode.OBSERVE)
    decision = decided(reading, GREEN, unavailable="the jobs")
    assert decision.verdict is Verdict.APPROVE
    assert [reason.code for reason in decision.reasons] == ["observe_mode", "facts_unavailable"]


@pytest.mark.parametrize(
    ("reading", "code", "digest", "detail"),
    [
        (
            INVALID,
            "policy_invalid",
            "sha256:bad",
            "the file:\nline 3, column 5: environments.x: unknown key",
        ),
        (UNAVAILABLE, "policy_unavailable", "", "GitHub answered 502"),
        (
            make_policy(name="staging"),
            "environment_not_in_policy",
            DIGEST,
            "acme/shop:.github/deployment-gate.yml",
        ),
    ],
    ids=["invalid", "unavailable", "environment unknown"],
)
def test_no_policy_speaks(reading: PolicyReading, code: str, digest: str, detail: str) -> None:
    """Without a valid policy for the environment even a green is held."""
    decision = decided(reading, GREEN)
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == [code]
    assert decision.reasons[0].detail == detail
    assert decision.policy_digest == digest
    assert decision.evidence is None
    assert decision.give_up_at == before(minutes=1) + LONGEST_HOLD


def test_observing_another_environment() -> None:
    """Observe mode of one environment says nothing for another."""
    reading = make_policy(name="staging", mode=Mode.OBSERVE)
    assert decided(reading, GREEN).verdict is Verdict.WAIT


def test_empty_policy() -> None:
    """A policy without environments approves nothing."""
    reading = replace(make_policy(), policy=Policy({}))
    assert decided(reading, GREEN).reason is ReasonCode.ENVIRONMENT_NOT_IN_POLICY


def test_environment_names_ignore_case() -> None:
    """GitHub's spelling of the environment finds the policy's entry."""
    facts = make_facts(request=make_request(environment="Production-FRONTEND"))
    assert decide(make_policy(), facts, NOW).verdict is Verdict.APPROVE


@pytest.mark.parametrize("reaction", Reaction)
@pytest.mark.parametrize("state", NOT_GREEN)
def test_facts_unavailable(state: str, reaction: Reaction) -> None:
    """While a needed fact cannot be read, nothing is approved and nothing rejected."""
    reading = make_policy(make_environment(**{state: reaction}))
    decision = decided(reading, NOT_GREEN[state], unavailable="the runs")
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == [
        "facts_unavailable",
        f"validation_{state}",
    ]
    assert decision.reasons[0].detail == "the runs"


@pytest.mark.parametrize("unavailable", ["the runs", ""])
def test_green_with_facts_unavailable(unavailable: str) -> None:
    """A green that may already be outdated is held, and is not said to have passed."""
    decision = decided(None, GREEN, unavailable=unavailable)
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == ["facts_unavailable"]


GIVE_UP = before(minutes=1) + timedelta(hours=24)


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


def test_next_look() -> None:
    """A held request is looked at again within five minutes."""
    assert decided(None).recheck_at == NOW + LOOK_AGAIN


@pytest.mark.parametrize(
    ("now", "recheck_at"),
    [
        (GIVE_UP - timedelta(minutes=62), GIVE_UP - LAST_CALL),
        (GIVE_UP - LAST_CALL, GIVE_UP - LAST_CALL + LOOK_AGAIN),
        (GIVE_UP - timedelta(minutes=2), GIVE_UP),
        (GIVE_UP - LOOK_AGAIN, GIVE_UP),
    ],
)
def test_next_look_at_an_edge(now: datetime, recheck_at: datetime) -> None:
    """The last call and the end of the hold are looked at on time."""
    assert decided(None, now=now).recheck_at == recheck_at


def test_next_look_when_the_green_ends() -> None:
    """A green that may not be used yet is looked at when it becomes stale."""
    run = make_run(started_at=before(hours=24) + timedelta(minutes=2))
    decision = decided(None, run, unavailable="the jobs")
    assert decision.recheck_at == NOW + timedelta(minutes=2) + TICK


def test_next_look_when_an_uncovered_run_becomes_stale() -> None:
    """A run that does not cover the deployment is looked at when it becomes too old as well."""
    run = make_run(head_sha=OTHER_SHA, started_at=before(hours=24) + timedelta(minutes=2))
    reading = make_policy(covers=Covers.SAME_COMMIT, stale=Reaction.REJECT)
    decision = decided(reading, run)
    assert decision.recheck_at == NOW + timedelta(minutes=2) + TICK
    assert decided(reading, run, now=decision.recheck_at).verdict is Verdict.REJECT


def test_a_floor_holds_what_a_stricter_policy_lets_be_overridden() -> None:
    """Another hold than the floor's is overridden: the floor's own, which may not be, stays."""
    run = make_run(started_at=before(hours=2), updated_at=before(hours=1), jobs=())
    facts = make_facts(
        validations=(run,),
        claims=(make_claim(),),
        standings=(make_standing(make_claim().person),),
        triggered_by=(AccountId(7),),
    )
    floor = make_environment(max_age=timedelta(hours=1), holds=(ValidationState.INCONCLUSIVE,))
    own = replace(floor, validation=replace(floor.validation, required_jobs=("flows",)))
    reading = make_policy(own)
    assert decide(reading, facts, NOW).reason is ReasonCode.OVERRIDE
    held = decide(replace(reading, floor=Policy({ENVIRONMENT: floor})), facts, NOW)
    assert (held.verdict, held.reason) == (Verdict.WAIT, ReasonCode.VALIDATION_STALE)
    assert held.reasons[0].detail.endswith(", by the organization's policy")


def test_what_a_floor_does_not_name_it_does_not_hold() -> None:
    """An environment of the repository alone is judged by the repository's policy."""
    reading = make_policy()
    facts = make_facts(validations=(make_run(),))
    floor = Policy({"staging": make_environment(max_age=timedelta(seconds=1))})
    assert decide(replace(reading, floor=floor), facts, NOW) == decide(reading, facts, NOW)


def floored(floor_age: timedelta, own_age: timedelta, *, started_at: datetime) -> Decision:
    """Decide on a green run by a policy whose floor looks at its age, too."""
    reading = make_policy(max_age=own_age, holds=(ValidationState.STALE,))
    floor = Policy({ENVIRONMENT: make_environment(max_age=floor_age, holds=())})
    facts = make_facts(
        validations=(make_run(started_at=started_at, updated_at=started_at),),
        claims=(make_claim(given_at=before(seconds=-1)),),
        standings=(make_standing(make_claim().person),),
        triggered_by=(AccountId(7),),
    )
    return decide(replace(reading, floor=floor), facts, NOW)


@pytest.mark.parametrize(
    ("own_age", "recheck_after"),
    [
        (timedelta(minutes=62), timedelta(minutes=2) + TICK),
        (timedelta(hours=2), LOOK_AGAIN),
        (timedelta(minutes=60) - TICK, LOOK_AGAIN),
        (timedelta(minutes=30), LOOK_AGAIN),
    ],
)
def test_a_hold_by_the_floor_is_looked_at_when_the_own_evidence_ends(
    own_age: timedelta, recheck_after: timedelta
) -> None:
    """From then on the policy's own hold is another one. A moment that is past is none."""
    held = floored(timedelta(minutes=10), own_age, started_at=before(hours=1))
    assert (held.verdict, held.reason) == (Verdict.WAIT, ReasonCode.VALIDATION_STALE)
    assert held.recheck_at == NOW + recheck_after
    assert held.policy_digest == DIGEST


def test_a_floor_that_gives_up_says_whose_end_it_is() -> None:
    """Its end may come before the policy's own."""
    own = make_policy(give_up_after=timedelta(hours=2))
    floor = make_environment(give_up_after=timedelta(hours=1), max_age=timedelta(minutes=1))
    request = make_request(waiting_since=before(hours=1))
    facts = make_facts(request=request, validations=(GREEN,))
    decision = decide(replace(own, floor=Policy({ENVIRONMENT: floor})), facts, NOW)
    assert (decision.verdict, decision.reason) == (Verdict.REJECT, ReasonCode.GAVE_UP)
    assert decision.reasons[0].detail == "by the organization's policy"
    assert (decision.policy_digest, decision.recheck_at) == (DIGEST, None)


def test_giving_up_without_a_policy_is_on_record_with_what_was_read() -> None:
    """The digest of the file that is not valid, and when the hold ended."""
    since = NOW - LONGEST_HOLD
    decision = decided(INVALID, waiting_since=since)
    assert decision.verdict is Verdict.REJECT
    assert (decision.policy_digest, decision.give_up_at) == (INVALID.digest, NOW)
