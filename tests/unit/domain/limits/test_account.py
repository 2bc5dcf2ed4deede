"""What a node is given depends on what the others have, and comes back in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from gate.domain.limits.account import (
    LONGEST_CALL,
    Account,
    Ask,
    Kind,
    Leased,
    Limits,
    Wait,
    Why,
    lease,
)
from gate.domain.limits.bucket import LASTS, Rate
from gate.domain.limits.quota import QuotaSeen
from gate.domain.limits.slices import limits_of
from tests.support.clock import NOW

MINUTE: Final = timedelta(minutes=1)
LIMITS: Final = Limits({Kind.POINTS: Rate(100, MINUTE), Kind.CONTENT: Rate(4, MINUTE)}, calls=8)
READ: Final = {Kind.POINTS: 1}
WRITE: Final = {Kind.POINTS: 5}
AWAY: Final = timedelta(seconds=61)
"""How long a token stays away after it was spent."""


def ask(node: str = "a", **fields: Any) -> Ask:
    """Ask for a write, and for as much as there is."""
    return replace(Ask(node, WRITE, {Kind.POINTS: 1000}), **fields)


class Desk:
    """An account that is asked again and again."""

    def __init__(self) -> None:
        self.account = Account()
        self.now = NOW

    def asked(self, wanted: Ask) -> Leased | Wait:
        """Return the answer to a node."""
        self.account, answer = lease(self.account, wanted, LIMITS, self.now)
        return answer

    def tokens(self, wanted: Ask) -> int:
        """Return how many points were leased, 0 for none."""
        answer = self.asked(wanted)
        return answer.slices[Kind.POINTS].tokens if isinstance(answer, Leased) else 0

    def drain(self) -> list[int]:
        """Lease all points."""
        found = []
        while tokens := self.tokens(ask()):
            found.append(tokens)
        return found


@pytest.fixture
def desk() -> Desk:
    """An account from which nothing was leased yet."""
    return Desk()


def test_half_of_what_is_free_is_leased_and_all_of_it_in_the_end(desk: Desk) -> None:
    """A node leaves something to the next one that asks, down to what a single call takes."""
    assert desk.drain() == [50, 25, 12, 6, 5]


def test_tokens_come_back_a_window_after_their_slice_ended(desk: Desk) -> None:
    """A token spent at the end of its slice is not spent again within the window."""
    desk.tokens(ask())
    desk.drain()
    desk.now += LASTS + AWAY - timedelta(microseconds=1)
    assert desk.asked(ask()) == Wait(timedelta(microseconds=1), Why.POINTS)
    desk.now += timedelta(microseconds=1)
    assert desk.tokens(ask()) == 50


def test_what_was_not_spent_comes_back_at_once(desk: Desk) -> None:
    """And what was spent comes back a window after that was said, not later."""
    assert desk.tokens(ask()) == 50
    assert desk.tokens(ask(spent={Kind.POINTS: {1: 20}})) == (100 - 20) // 2
    desk.asked(ask(spent={Kind.POINTS: {2: 0}}, needed={}))
    desk.now += AWAY
    assert desk.tokens(ask()) == 50


def test_nobody_returns_more_than_was_leased(desk: Desk) -> None:
    """A report under a number of no grant, or of more than its tokens, frees nothing."""
    desk.tokens(ask())
    desk.asked(ask(needed={}, spent={Kind.POINTS: {1: 10**9, 7: 0}}))
    assert desk.account.buckets[Kind.POINTS].away == 50


def test_one_kind_that_is_used_up_holds_up_the_call(desk: Desk) -> None:
    """Nothing of the others is leased then."""
    create = ask(needed={Kind.POINTS: 5, Kind.CONTENT: 4})
    assert isinstance(desk.asked(create), Leased)
    answer = desk.asked(create)
    assert answer == Wait(LASTS + AWAY, Why.CONTENT)
    assert desk.account.buckets[Kind.POINTS].away == 50


def test_a_pause_holds_for_every_node_until_it_ends(desk: Desk) -> None:
    """Of two pauses the longer one counts."""
    desk.account = desk.account.paused(NOW + MINUTE).paused(NOW + timedelta(seconds=5))
    assert desk.asked(ask("b")) == Wait(MINUTE, Why.PAUSED, is_pause=True)
    desk.now += MINUTE
    assert isinstance(desk.asked(ask("b")), Leased)
    assert desk.account.paused_until is None


def test_a_node_that_is_paused_returns_what_it_has(desk: Desk) -> None:
    """Its tokens are the others' once the pause is over."""
    desk.tokens(ask())
    desk.account = desk.account.paused(NOW + MINUTE)
    desk.asked(ask(spent={Kind.POINTS: {1: 0}}))
    assert desk.account.buckets[Kind.POINTS].away == 0


def calls(answer: Leased | Wait) -> int:
    """Return how many calls at once are allowed."""
    return answer.calls if isinstance(answer, Leased) else 0


def place(node: str, **fields: Any) -> Ask:
    """Ask for one point, and for places for calls."""
    return replace(Ask(node, READ, {}), **fields)


def test_calls_at_once_are_shared(desk: Desk) -> None:
    """A node that is alone may make all of them, two nodes half of them each."""
    assert [calls(desk.asked(place("a", calls=50))) for _ in range(4)] == [4, 6, 7, 8]
    assert desk.asked(place("b")) == Wait(timedelta(seconds=1), Why.CALLS)
    assert calls(desk.asked(place("a", calls=50))) == 4
    assert [calls(desk.asked(place("b", calls=50))) for _ in range(3)] == [2, 3, 4]


def test_calls_that_run_are_not_given_to_another(desk: Desk) -> None:
    """A node keeps the places of its calls, however many its fair share is."""
    for _ in range(4):
        desk.asked(place("a", calls=50))
    desk.asked(place("b"))
    assert desk.asked(place("a", calls=50, running=7)).__class__ is Wait
    assert calls(desk.asked(place("b", calls=50))) == 1


def test_the_places_of_a_node_that_died_come_back(desk: Desk) -> None:
    """Once its last calls are over, whatever they were."""
    for _ in range(4):
        desk.asked(place("a", calls=50))
    desk.now += LASTS + LONGEST_CALL
    assert calls(desk.asked(place("b", calls=50))) == 4


def test_the_hourly_quota_is_shared(desk: Desk) -> None:
    """What other nodes may still spend of it is not leased again."""
    seen = QuotaSeen(40, timedelta(minutes=30))
    assert desk.tokens(ask("a", quota=seen)) == 20
    assert desk.tokens(ask("b")) == 10
    assert desk.tokens(ask("b")) == 5
    assert desk.asked(ask("b", needed={Kind.POINTS: 6})) == Wait(LASTS, Why.QUOTA_LEASED)
    spent: Any = {Kind.POINTS: {1: 2}}
    assert desk.tokens(ask("a", spent=spent, quota=QuotaSeen(38, timedelta(minutes=30)))) == 11


def test_a_quota_that_is_used_up_is_waited_for(desk: Desk) -> None:
    """Every call would be refused until the hour is over; then nothing is known of the next one."""
    seen = QuotaSeen(0, timedelta(minutes=30))
    assert desk.asked(ask(quota=seen)) == Wait(timedelta(minutes=30), Why.QUOTA, is_pause=True)
    desk.now += timedelta(minutes=30)
    assert desk.tokens(ask()) == 50


def test_of_one_hour_the_least_counts_and_of_two_the_later(desk: Desk) -> None:
    """Answers come out of order, and the clocks of nodes differ."""
    for left, minutes in ((40, 30), (44, 31), (3000, 70), (20, 29)):
        desk.asked(ask(needed={}, quota=QuotaSeen(left, timedelta(minutes=minutes))))
    quota = desk.account.quota
    assert quota is not None
    assert (quota.left, quota.resets_at - NOW) == (3000, timedelta(minutes=70))
    other = Desk()
    for left, minutes in ((40, 30), (44, 31), (20, 29)):
        other.asked(ask(needed={}, quota=QuotaSeen(left, timedelta(minutes=minutes))))
    assert other.account.quota is not None
    assert other.account.quota.left == 20


def test_the_limits_are_githubs_unless_raised_together() -> None:
    """900 points and 80 pieces of content a minute, 500 an hour."""
    usual, tenfold = limits_of(), limits_of(9000)
    assert [usual.rates[kind].tokens for kind in Kind] == [900, 80, 500]
    assert [tenfold.rates[kind].tokens for kind in Kind] == [9000, 800, 5000]
    assert (usual.calls, tenfold.calls) == (50, 50)
