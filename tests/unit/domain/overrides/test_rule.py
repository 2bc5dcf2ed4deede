"""Which claims release a held deployment, and what is wrong with the others."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.overrides import (
    OverrideAsk,
    OverrideChannel,
    OverrideClaim,
    OverrideJudgement,
    RefusalCode,
    Standing,
    describe_refused,
)
from gate.domain.model.policy import OverridePolicy, ValidationState
from gate.domain.overrides.rationale import LARGEST_RATIONALE
from gate.domain.overrides.rule import RECEIPT_LAG, ask_for, held_since, judge_override
from tests.support.builders import (
    ENVIRONMENT,
    NOW,
    OTHER_SHA,
    TICK,
    before,
    make_account,
    make_claim,
    make_infrastructure,
    make_key,
    make_request,
    make_run,
    make_standing,
)

FAILED = Evidence(ValidationState.FAILED, make_run(conclusion="failure"), "")
MONA = make_account()
HUBOT = make_claim().person
SECOND = make_account("octocat", id=99)
ALL = tuple(make_standing(person) for person in (MONA, HUBOT, SECOND))
WORDS = "I accept the risk"
REASON = "The checkout is not touched by this."


def judged(
    *claims: OverrideClaim,
    standings: tuple[Standing, ...] = ALL,
    triggered_by: tuple[AccountId, ...] | None = (MONA.id,),
    evidence: Evidence = FAILED,
    **policy: Any,
) -> OverrideJudgement:
    """Judge claims on the default request, which mona started and which failed an hour ago."""
    return judge_override(
        OverridePolicy(**policy),
        claims,
        standings,
        request=make_request(),
        triggered_by=triggered_by,
        evidence=evidence,
    )


def faults(*claims: OverrideClaim, **context: Any) -> list[str]:
    """Name what is wrong with the first refused claim; nothing when none is refused."""
    refused = judged(*claims, **context).refused
    return [code.value for code in refused[0].codes] if refused else []


@pytest.mark.parametrize("channel", OverrideChannel)
def test_accepted(channel: OverrideChannel) -> None:
    """Each channel releases a hold when nothing is wrong."""
    environment = ENVIRONMENT
    if channel is OverrideChannel.ENVIRONMENT:
        environment = f"{ENVIRONMENT}-override"
    claim = make_claim(channel=channel, environment=environment)
    judgement = judged(claim)
    assert judgement.is_complete
    assert judgement.accepted == (claim,)
    assert (judgement.refused, judgement.outstanding, judgement.unknown) == ((), (), ())
    assert judgement.needed == 0
    assert not judgement.asks_trigger


@pytest.mark.parametrize(
    ("claim", "context", "expected"),
    [
        ({}, {"allow": False}, ["not_allowed"]),
        ({}, {"holds": (ValidationState.STALE,)}, ["hold_not_overridable"]),
        ({}, {"holds": ()}, ["hold_not_overridable"]),
        ({"run_id": RunId(602)}, {}, ["other_attempt"]),
        ({"run_attempt": 2}, {}, ["other_attempt"]),
        ({"head_sha": OTHER_SHA}, {}, ["other_commit"]),
        ({"environment": "staging"}, {}, ["other_environment"]),
        ({"environment": ENVIRONMENT.upper()}, {}, []),
        ({"channel": OverrideChannel.ENVIRONMENT}, {}, ["other_environment"]),
        ({"environment": f"{ENVIRONMENT}-override"}, {}, ["other_environment"]),
        (
            {"channel": OverrideChannel.ENVIRONMENT, "environment": "Release"},
            {"environment": "release"},
            [],
        ),
        ({"is_person": False}, {}, ["not_a_person"]),
        ({"person": MONA}, {}, ["self_review"]),
        ({"person": MONA}, {"triggered_by": (SECOND.id, MONA.id)}, ["self_review"]),
        ({"person": MONA}, {"prevent_self_review": False}, []),
        ({}, {"triggered_by": None}, ["trigger_unknown"]),
        ({}, {"triggered_by": ()}, ["trigger_unknown"]),
        ({}, {"triggered_by": None, "prevent_self_review": False}, []),
        ({}, {"standings": (make_standing(may=False),)}, ["not_eligible"]),
        (
            {},
            {"standings": (make_standing(), make_standing(may=False))},
            ["not_eligible"],
        ),
        ({}, {"standings": ()}, ["eligibility_unknown"]),
        ({}, {"standings": (make_standing(SECOND),)}, ["eligibility_unknown"]),
        ({"rationale": ""}, {}, ["rationale_short", "not_acknowledged"]),
        ({"rationale": WORDS}, {}, ["rationale_short"]),
        ({"rationale": f"{WORDS} {'x' * 19}"}, {}, ["rationale_short"]),
        ({"rationale": f"{WORDS} {'x' * 20}"}, {}, []),
        ({"rationale": f"{WORDS} x"}, {"min_length": 1}, []),
        ({"rationale": REASON}, {}, ["not_acknowledged"]),
        ({"rationale": f"{REASON} Ja"}, {"acknowledge": "ja"}, []),
        (
            {"rationale": f"{REASON} {WORDS}".ljust(LARGEST_RATIONALE + 1)},
            {},
            ["rationale_too_long"],
        ),
        ({"rationale": f"{REASON} {WORDS}".ljust(LARGEST_RATIONALE)}, {}, []),
    ],
)
def test_faults(claim: dict[str, Any], context: dict[str, Any], expected: list[str]) -> None:
    """Each fault alone keeps a claim from counting, and is the only one named."""
    assert faults(make_claim(**claim), **context) == expected


@pytest.mark.parametrize(
    ("channel", "attempt", "given_at", "expected"),
    [
        (OverrideChannel.COMMENT, 2, before(minutes=2), ["other_attempt"]),
        (OverrideChannel.ENVIRONMENT, 2, before(minutes=2), ["other_attempt"]),
        (OverrideChannel.COMMENT, 2, before(seconds=30), []),
        (OverrideChannel.REVIEW, 2, before(minutes=2), []),
        (OverrideChannel.COMMENT, 1, before(minutes=2), []),
    ],
)
def test_said_before_the_rerun(
    channel: OverrideChannel, attempt: int, given_at: datetime, expected: list[str]
) -> None:
    """What names a run only was said about the attempt before, if this one did not wait yet."""
    environment = f"{ENVIRONMENT}-override" if channel is OverrideChannel.ENVIRONMENT else None
    claim = make_claim(
        channel=channel,
        run_attempt=attempt,
        given_at=given_at,
        environment=environment or ENVIRONMENT,
    )
    result = judge_override(
        OverridePolicy(),
        (claim,),
        ALL,
        request=make_request(key=make_key(run_attempt=attempt)),
        triggered_by=(MONA.id,),
        evidence=FAILED,
    )
    assert [code.value for it in result.refused for code in it.codes] == expected


def test_every_fault_is_listed() -> None:
    """All that is wrong with a claim is told at once, in the order of the enum."""
    bad = make_claim(
        run_attempt=3,
        head_sha=OTHER_SHA,
        environment="staging",
        is_person=False,
        rationale="ok",
        given_at=before(days=1),
    )
    found = faults(bad, allow=False, standings=(), triggered_by=None)
    assert found == [
        code
        for code in RefusalCode
        if code
        not in {
            RefusalCode.HOLD_NOT_OVERRIDABLE,
            RefusalCode.SELF_REVIEW,
            RefusalCode.NOT_ELIGIBLE,
            RefusalCode.RATIONALE_TOO_LONG,
        }
    ]


@pytest.mark.parametrize("state", [ValidationState.RUNNING, ValidationState.PASSED])
def test_never_overridden(state: ValidationState) -> None:
    """A running validation's result is waited for, whatever the policy lists."""
    evidence = Evidence(state, make_run(), "")
    assert faults(make_claim(), evidence=evidence, holds=tuple(ValidationState)) == [
        "hold_not_overridable"
    ]


RED = before(minutes=50)
SINCE = before(minutes=1)
GREEN = make_run()


@pytest.mark.parametrize(
    ("evidence", "since"),
    [
        (FAILED, RED),
        (Evidence(ValidationState.INCONCLUSIVE, make_run(conclusion="cancelled"), ""), RED),
        (Evidence(ValidationState.STALE, GREEN, "", before(hours=2)), before(hours=2)),
        (Evidence(ValidationState.MISSING, None, ""), SINCE),
        (Evidence(ValidationState.UNCOVERED, GREEN, ""), SINCE),
        (
            Evidence(ValidationState.UNCOVERED, make_run(updated_at=before(seconds=40)), ""),
            before(seconds=40),
        ),
        (
            Evidence(
                ValidationState.UNCOVERED,
                GREEN,
                "",
                infrastructure=make_infrastructure(updated_at=before(seconds=45)),
            ),
            before(seconds=45),
        ),
        (Evidence(ValidationState.FAILED, None, ""), None),
        (Evidence(ValidationState.STALE, GREEN, ""), None),
        (Evidence(ValidationState.PASSED, GREEN, ""), None),
        (Evidence(ValidationState.RUNNING, GREEN, ""), None),
    ],
)
def test_before_red(evidence: Evidence, since: datetime | None) -> None:
    """Only what was said after the validation came to stand as it does is about that."""
    assert held_since(evidence, make_request()) == since
    if since is None:
        return
    holds = tuple(ValidationState)
    for given_at, expected in (
        (since - TICK, ["before_red"]),
        (since, ["before_red"]),
        (since + TICK, []),
    ):
        claim = make_claim(given_at=given_at)
        assert faults(claim, evidence=evidence, holds=holds) == expected


def test_unknown_since_counts_nothing() -> None:
    """Where nobody knows since when the hold stands, nothing releases it."""
    unknown = Evidence(ValidationState.FAILED, None, "")
    assert faults(make_claim(), evidence=unknown) == ["before_red"]


def test_several_approvals() -> None:
    """As many different people must override as the policy says."""
    one, two = make_claim(), make_claim(person=SECOND, given_at=before(seconds=10))
    assert judged(one, approvals=2).needed == 1
    assert not judged(one, approvals=2).is_complete
    assert judged(two, one, approvals=2).accepted == (one, two)
    assert judged(two, one, approvals=2).is_complete


def test_a_person_counts_once() -> None:
    """The same numeric id is one person, whatever the login or the channel."""
    again = make_claim(
        key="again", person=make_account("renamed", id=HUBOT.id), given_at=before(seconds=10)
    )
    judgement = judged(make_claim(), again, approvals=2)
    assert judgement.accepted == (make_claim(),)
    assert judgement.needed == 1
    namesake = make_claim(person=make_account(HUBOT.login, id=SECOND.id))
    assert judged(make_claim(), namesake, approvals=2).is_complete


def test_second_chance() -> None:
    """A later claim mends an earlier one, and nothing of the earlier one is outstanding."""
    short = make_claim(key="short", rationale="ok")
    better = make_claim(channel=OverrideChannel.COMMENT, given_at=before(seconds=5))
    judgement = judged(short, better)
    assert judgement.accepted == (better,)
    assert [it.key for it in judgement.refused] == ["short"]
    assert judgement.outstanding == ()


def test_a_later_slip_takes_nothing_back() -> None:
    """What was enough stays enough."""
    slip = make_claim(key="slip", rationale="done", given_at=before(seconds=5))
    judgement = judged(make_claim(), slip)
    assert judgement.is_complete
    assert judgement.outstanding == ()


def test_only_the_newest_refusal_is_outstanding() -> None:
    """Of a person's refused claims the newest tells where they stand."""
    first = make_claim(key="first", rationale="ok")
    second = make_claim(key="second", rationale=WORDS, given_at=before(seconds=5))
    other = make_claim(key="other", person=SECOND, rationale="")
    judgement = judged(second, other, first)
    assert {it.key for it in judgement.refused} == {"first", "second", "other"}
    assert {it.key for it in judgement.outstanding} == {"second", "other"}


def test_no_approvals_asked() -> None:
    """A policy that asks for nobody releases nothing by that."""
    assert not judged(approvals=0).is_complete


def test_who_must_be_looked_up() -> None:
    """Only people whose claim has no other fault are asked about, each once."""
    claims = (
        make_claim(key="a"),
        make_claim(key="b", channel=OverrideChannel.COMMENT),
        make_claim(key="c", person=SECOND, rationale="ok"),
        make_claim(key="d", person=MONA),
    )
    assert judged(*claims, standings=()).unknown == (HUBOT,)


def test_an_older_claim_may_be_the_good_one() -> None:
    """A person is asked about as well when their newest claim is the bad one."""
    slip = make_claim(key="slip", rationale="ok", given_at=before(seconds=5))
    assert judged(make_claim(), slip, standings=()).unknown == (HUBOT,)


def test_nobody_is_looked_up_without_need() -> None:
    """A complete override asks about nobody else."""
    other = make_claim(person=SECOND)
    assert judged(make_claim(), other, standings=(make_standing(),)).unknown == ()


def test_trigger_is_asked_first() -> None:
    """Who started the run is asked before anybody is looked up, and only where that matters."""
    unknown = judged(make_claim(), standings=(), triggered_by=None)
    assert unknown.asks_trigger
    assert unknown.unknown == ()
    assert not judged(make_claim(rationale=""), triggered_by=None).asks_trigger
    assert not judged(make_claim(), triggered_by=()).asks_trigger
    assert not judged(triggered_by=None).asks_trigger


@pytest.mark.parametrize(
    ("code", "mendable"),
    [
        ({"rationale": ""}, True),
        ({"rationale": "", "run_attempt": 2}, False),
        ({"person": MONA}, False),
    ],
)
def test_mendable(code: dict[str, Any], mendable: bool) -> None:
    """Whoever only said too little can say more; whoever may not override cannot."""
    assert judged(make_claim(**code)).refused[0].is_mendable is mendable


def test_words_for_a_refusal() -> None:
    """A refusal names person, place, time and every fault on one line."""
    claim = make_claim(
        person=make_account("eve\n@x", id=5), rationale="ok", given_at=NOW - timedelta(minutes=2)
    )
    (refused,) = judged(
        claim, standings=(Standing(AccountId(5), may=False, detail="no\nreviewer"),)
    ).refused
    assert describe_refused(refused) == (
        "eve @x (review, 2026-03-02 11:58 UTC): they are not an eligible reviewer: no reviewer; "
        "the rationale needs 18 more characters (minimum 20, without spaces and"
        " “I accept the risk”); the rationale must contain “I accept the risk”"
    )


def test_what_the_gate_looks_up_is_no_fault_beside_a_real_one() -> None:
    """People need not read what they cannot change; where nothing else is wrong, it is said."""
    (unknown,) = judged(make_claim(), standings=()).refused
    assert [it.code for it in unknown.faults] == [RefusalCode.ELIGIBILITY_UNKNOWN]
    (lacking,) = judged(make_claim(rationale=REASON), standings=(), triggered_by=None).refused
    assert len(lacking.codes) == 3
    assert describe_refused(lacking).endswith(
        " UTC): the rationale must contain “I accept the risk”"
    )


def test_what_an_override_takes() -> None:
    """People are told how to override only where it can be done."""
    policy = OverridePolicy(approvals=2)
    request = make_request()
    assert ask_for(policy, request, FAILED) == OverrideAsk(
        f"{ENVIRONMENT}-override", 2, 20, "I accept the risk"
    )
    assert ask_for(OverridePolicy(allow=False), request, FAILED) is None
    assert ask_for(OverridePolicy(holds=()), request, FAILED) is None
    running = Evidence(ValidationState.RUNNING, make_run(), "")
    assert ask_for(OverridePolicy(holds=tuple(ValidationState)), request, running) is None


def test_order_does_not_matter() -> None:
    """Claims of one instant, and denials, are taken in a fixed order."""
    one = make_claim(key="one", rationale="ok")
    two = make_claim(key="two", rationale="no")
    assert judged(one, two) == judged(two, one)
    no = (make_standing(may=False, detail="b"), make_standing(may=False, detail="a"))
    assert judged(one, standings=no) == judged(one, standings=no[::-1])


RED_AT = before(minutes=50)
"""When the default failed run ended."""


@pytest.mark.parametrize(
    ("given_at", "received_at", "rationale", "counts"),
    [
        (RED_AT + TICK, None, None, True),
        (RED_AT, None, None, False),
        (RED_AT, RED_AT + RECEIPT_LAG, None, False),
        (RED_AT, RED_AT + RECEIPT_LAG + TICK, None, True),
        (before(hours=9), RED_AT + RECEIPT_LAG + TICK, None, True),
        (before(hours=9), RED_AT - TICK, None, False),
        (RED_AT, before(minutes=1), "go", False),
        (RED_AT, before(minutes=1), WORDS, False),
        (RED_AT, before(minutes=1), REASON, False),
    ],
)
def test_when_a_review_was_given(
    given_at: datetime, received_at: datetime | None, rationale: str | None, *, counts: bool
) -> None:
    """Between `since` and its first receipt: after the failure by either, or it is said again."""
    said = {} if rationale is None else {"rationale": rationale}
    claim = make_claim(given_at=given_at, received_at=received_at, **said)
    found = faults(claim)
    assert ("before_red" not in found) is counts
    assert bool(found) is not counts


@pytest.mark.parametrize(
    ("claim", "context", "detail"),
    [
        ({}, {"allow": False}, "the policy does not allow overrides"),
        (
            {},
            {"holds": ()},
            "the policy does not allow overriding a hold on a failed validation",
        ),
        (
            {"given_at": before(hours=9)},
            {},
            "it was given before or just as this hold began; repeat it in a comment",
        ),
        ({"run_id": RunId(602)}, {}, "it is for run 602, attempt 1"),
        (
            {"head_sha": OTHER_SHA},
            {},
            f"it is for commit {OTHER_SHA[:7]}, not {make_request().head_sha[:7]}",
        ),
        ({"environment": "staging"}, {}, f"it was given for staging, not for {ENVIRONMENT}"),
        ({"is_person": False}, {}, "only a person can override, not a bot or an App"),
        ({}, {"triggered_by": None}, "the gate does not know yet who started the deployment"),
        (
            {"person": MONA},
            {},
            "they started the deployment, and the policy does not allow self-review",
        ),
        (
            {},
            {"standings": (make_standing(may=False, detail="no reviewer"),)},
            "they are not an eligible reviewer: no reviewer",
        ),
        (
            {},
            {"standings": ()},
            "the gate has not checked yet whether they are an eligible reviewer",
        ),
        (
            {"rationale": "x" * (LARGEST_RATIONALE + 1)},
            {},
            "the rationale is longer than 8 KiB",
        ),
        (
            {"rationale": WORDS},
            {},
            (
                "the rationale needs 20 more characters (minimum 20, without spaces and"
                " “I accept the risk”)"
            ),
        ),
        (
            {"rationale": f"{WORDS} because nineteen letters"},
            {"min_length": 23},
            (
                "the rationale needs 1 more character (minimum 23, without spaces and"
                " “I accept the risk”)"
            ),
        ),
        ({"rationale": REASON}, {}, f"the rationale must contain “{WORDS}”"),
    ],
)
def test_each_fault_says_what_it_is(
    claim: dict[str, Any], context: dict[str, Any], detail: str
) -> None:
    """In words for the person who gave it."""
    (refused,) = judged(make_claim(**claim), **context).refused
    assert [it.detail for it in refused.refusals] == [detail]


def test_said_at_the_moment_of_the_rerun() -> None:
    """What was said in the very moment this attempt was held is about it; before, it is not."""
    request = make_request(key=make_key(run_attempt=2))
    for given_at, expected in (
        (request.opened_at - TICK, ["other_attempt"]),
        (request.opened_at, []),
    ):
        claim = make_claim(channel=OverrideChannel.COMMENT, run_attempt=2, given_at=given_at)
        result = judge_override(
            OverridePolicy(),
            (claim,),
            ALL,
            request=request,
            triggered_by=(MONA.id,),
            evidence=FAILED,
        )
        assert [code.value for it in result.refused for code in it.codes] == expected
        details = [fault.detail for it in result.refused for fault in it.refusals]
        assert details == ["it was given before attempt 2 reached the gate"] * len(expected)


def test_a_second_approver_is_looked_up() -> None:
    """As long as one approval is missing, whoever may give it is asked about."""
    second = make_claim(key="second", person=SECOND)
    judgement = judged(make_claim(), second, standings=(make_standing(),), approvals=2)
    assert (judgement.needed, judgement.unknown) == (1, (SECOND,))
    unknown = judged(make_claim(), second, standings=ALL[:2], triggered_by=None, approvals=2)
    assert unknown.asks_trigger


def test_an_infrastructure_run_that_goes_on_holds_since_it_began() -> None:
    """Its last sighting says nothing: what was said after its start is about it."""
    change = make_infrastructure(
        status="in_progress",
        conclusion=None,
        started_at=before(seconds=50),
        updated_at=before(seconds=10),
    )
    evidence = Evidence(ValidationState.UNCOVERED, GREEN, "", infrastructure=change)
    assert held_since(evidence, make_request()) == before(seconds=50)
