"""How many people must override, which of their claims counts, and who is looked up."""

from gate.domain.model.overrides import (
    OverrideChannel,
)
from tests.support.builders.defaults import before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.runs import make_account
from tests.unit.domain.overrides.judged_claims import ALL, HUBOT, MONA, SECOND, WORDS, judged


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
    judgment = judged(make_claim(), again, approvals=2)
    assert judgment.accepted == (make_claim(),)
    assert judgment.needed == 1
    namesake = make_claim(person=make_account(HUBOT.login, id=SECOND.id))
    assert judged(make_claim(), namesake, approvals=2).is_complete


def test_second_chance() -> None:
    """A later claim mends an earlier one, and nothing of the earlier one is outstanding."""
    short = make_claim(key="short", rationale="ok")
    better = make_claim(channel=OverrideChannel.COMMENT, given_at=before(seconds=5))
    judgment = judged(short, better)
    assert judgment.accepted == (better,)
    assert [it.key for it in judgment.refused] == ["short"]
    assert judgment.outstanding == ()


def test_a_later_slip_takes_nothing_back() -> None:
    """What was enough stays enough."""
    slip = make_claim(key="slip", rationale="done", given_at=before(seconds=5))
    judgment = judged(make_claim(), slip)
    assert judgment.is_complete
    assert judgment.outstanding == ()


def test_only_the_newest_refusal_is_outstanding() -> None:
    """Of a person's refused claims the newest tells where they stand."""
    first = make_claim(key="first", rationale="ok")
    second = make_claim(key="second", rationale=WORDS, given_at=before(seconds=5))
    other = make_claim(key="other", person=SECOND, rationale="")
    judgment = judged(second, other, first)
    assert {it.key for it in judgment.refused} == {"first", "second", "other"}
    assert {it.key for it in judgment.outstanding} == {"second", "other"}


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


def test_order_does_not_matter() -> None:
    """Claims of one instant, and denials, are taken in a fixed order."""
    one = make_claim(key="one", rationale="ok")
    two = make_claim(key="two", rationale="no")
    assert judged(one, two) == judged(two, one)
    no = (make_standing(may=False, detail="b"), make_standing(may=False, detail="a"))
    assert judged(one, standings=no) == judged(one, standings=no[::-1])


def test_a_second_approver_is_looked_up() -> None:
    """As long as one approval is missing, whoever may give it is asked about."""
    second = make_claim(key="second", person=SECOND)
    judgment = judged(make_claim(), second, standings=(make_standing(),), approvals=2)
    assert (judgment.needed, judgment.unknown) == (1, (SECOND,))
    unknown = judged(make_claim(), second, standings=ALL[:2], triggered_by=None, approvals=2)
    assert unknown.asks_trigger
