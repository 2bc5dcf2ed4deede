"""Several nodes spend from the same accounts, slice by slice."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex

import pytest

from gate.domain.limits.account import Ask, Kind, Leased, Wait, Why
from gate.domain.limits.slices import limits_of
from gate.errors import RetryLater
from gate.githubapp.transport.accounts import LocalAccounts
from gate.githubapp.transport.limiter import WRITE, Limiter
from tests.support.clock import FakeClock
from tests.unit.githubapp.transport.test_limiter import INSTALLATION, call, wait_of


@pytest.fixture
def clock() -> FakeClock:
    """The time of all nodes."""
    return FakeClock()


class Fleet:
    """Accounts that count what they are asked, and can be out of reach."""

    def __init__(self, clock: FakeClock) -> None:
        self.shared = LocalAccounts(limits_of(), clock)
        self.asked: list[Ask] = []
        self.pauses = 0
        self.is_out = False

    def lease(self, installation_id: int | None, ask: Ask) -> Leased | Wait:
        """Lease, or fail."""
        self.asked.append(ask)
        if self.is_out:
            raise RetryLater("database_busy")
        return self.shared.lease(installation_id, ask)

    def pause(self, installation_id: int | None, length: timedelta) -> None:
        """Record a pause, or fail."""
        self.pauses += 1
        if self.is_out:
            raise RetryLater("database_busy")
        self.shared.pause(installation_id, length)


@pytest.fixture
def fleet(clock: FakeClock) -> Fleet:
    """The accounts of two nodes."""
    return Fleet(clock)


def node_of(fleet: Fleet, clock: FakeClock) -> Limiter:
    """Start a node."""
    return Limiter(fleet, limits_of(), clock, lambda: clock().timestamp(), token_hex(6))


def test_a_slice_pays_for_many_calls(fleet: Fleet, clock: FakeClock) -> None:
    """The accounts are not asked for each call, and less often the more calls there are."""
    node = node_of(fleet, clock)
    for _ in range(100):
        call(node, WRITE)
    assert len(fleet.asked) < 8
    assert node.spending().leases == len(fleet.asked)
    assert 500 <= node.spending().tokens[Kind.POINTS] <= 900


def test_out_of_reach_only_what_is_leased_is_spent(fleet: Fleet, clock: FakeClock) -> None:
    """Then calls wait, and the accounts are asked once a second."""
    node = node_of(fleet, clock)
    call(node)
    fleet.is_out = True
    for _ in range(44):
        call(node)
    assert wait_of(node) == timedelta(seconds=1)
    assert wait_of(node) == timedelta(seconds=1)
    assert len(fleet.asked) == 2
    assert node.spending().waits == {Why.OUT_OF_REACH: 2}
    fleet.is_out = False
    clock.advance(seconds=1)
    call(node)


def test_a_slice_is_not_spent_after_its_end(fleet: Fleet, clock: FakeClock) -> None:
    """Who slept meanwhile, or cannot reach the accounts, does not go on with it."""
    node = node_of(fleet, clock)
    call(node)
    fleet.is_out = True
    clock.advance(seconds=2)
    wait_of(node)


def test_nothing_is_spent_of_a_slice_that_was_handed_in(fleet: Fleet, clock: FakeClock) -> None:
    """The accounts may have taken it back although their answer was lost."""
    node = node_of(fleet, clock)
    for _ in range(8):
        call(node, WRITE)
    fleet.is_out = True
    wait_of(node, {Kind.POINTS: 10})
    wait_of(node)


def test_a_pause_reaches_the_others_with_their_next_slice(fleet: Fleet, clock: FakeClock) -> None:
    """It is recorded once, however many calls ran into it."""
    one, other = node_of(fleet, clock), node_of(fleet, clock)
    call(other)
    for _ in range(3):
        one.record_limit(INSTALLATION, {"retry-after": "30"})
    assert fleet.pauses == 1
    call(other)
    clock.advance(seconds=2)
    assert wait_of(other) == timedelta(seconds=28)
    assert other.wait_of(INSTALLATION) == timedelta(seconds=28)
    call(other, installation_id=78)


def test_a_pause_holds_here_although_it_could_not_be_recorded(
    fleet: Fleet, clock: FakeClock
) -> None:
    """The answer that asked for it is not lost in the other error."""
    fleet.is_out = True
    node = node_of(fleet, clock)
    assert node.record_limit(INSTALLATION, {"retry-after": "30"}) == timedelta(seconds=30)
    assert wait_of(node) == timedelta(seconds=30)


def test_a_wait_is_known_until_tokens_may_have_come_back(fleet: Fleet, clock: FakeClock) -> None:
    """For two seconds nobody asks again; then another node may have returned some."""
    one, other = node_of(fleet, clock), node_of(fleet, clock)
    assert one.wait_of(INSTALLATION) == timedelta(0)
    for _ in range(180):
        call(one, WRITE)
    wait_of(other)
    asked = len(fleet.asked)
    wait_of(other)
    assert len(fleet.asked) == asked
    assert other.wait_of(INSTALLATION) > timedelta(minutes=1)
    clock.advance(seconds=2)
    wait_of(other)
    assert len(fleet.asked) == asked + 1


def test_what_was_not_spent_is_returned_at_the_end(fleet: Fleet, clock: FakeClock) -> None:
    """A node that stops leaves the others everything but what it spent."""
    one, other = node_of(fleet, clock), node_of(fleet, clock)
    call(one)
    one.close()
    for _ in range(899):
        call(other)
    wait_of(other)


def test_a_node_that_died_takes_its_slice_along(fleet: Fleet, clock: FakeClock) -> None:
    """And no more: 45 points for the 63 seconds until they are back."""
    call(node_of(fleet, clock))
    other = node_of(fleet, clock)
    for _ in range(900 - 45):
        call(other)
    wait_of(other)
    clock.advance(seconds=63)
    for _ in range(900):
        call(other)


def test_those_who_wait_come_back_a_window_after_the_other(fleet: Fleet, clock: FakeClock) -> None:
    """As many at a time as have points then: 180 writes, and the same again 63 seconds later."""
    node = node_of(fleet, clock)
    for _ in range(180):
        call(node, WRITE)
    waits = [wait_of(node, WRITE) for _ in range(400)]
    assert waits[:180] == [waits[0]] * 180
    assert waits[180:360] == [waits[0] + timedelta(seconds=61)] * 180
    assert waits[360:] == [waits[0] + timedelta(seconds=122)] * 40
    clock.now += waits[0]
    for _ in range(180):
        call(node, WRITE)
    assert wait_of(node, WRITE) < waits[180]


def test_an_idle_node_returns_what_it_did_not_spend(fleet: Fleet, clock: FakeClock) -> None:
    """Once its slice is over, and once: others need not wait for a minute."""
    node = node_of(fleet, clock)
    call(node)
    node.return_ended()
    assert len(fleet.asked) == 1
    clock.advance(seconds=3)
    node.return_ended()
    node.return_ended()
    _, returned = fleet.asked
    assert returned.spent == {Kind.POINTS: {1: 1}}
    assert returned.needed == {}


def test_what_was_spent_is_not_returned(fleet: Fleet, clock: FakeClock) -> None:
    """There is nothing to write for it, at the end neither."""
    node = node_of(fleet, clock)
    spent = 0
    while spent < sum(node.spending().tokens.values()) or not spent:
        call(node)
        spent += 1
    asked = len(fleet.asked)
    clock.advance(seconds=3)
    node.return_ended()
    node.close()
    assert len(fleet.asked) == asked


def test_a_node_that_ends_asks_accounts_out_of_reach_once(fleet: Fleet, clock: FakeClock) -> None:
    """Each try may take as long as a connection does."""
    node = node_of(fleet, clock)
    for installation_id in (1, 2, 3):
        call(node, installation_id=installation_id)
    fleet.is_out = True
    node.close()
    assert len(fleet.asked) == 3 + 1
