"""Calls are refused with the time they have to wait; nothing ever sleeps."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from gate.domain.limits.account import Cost
from gate.errors import RetryLater
from gate.githubapp.transport.limiter import CREATE, READ, WRITE, Limiter
from tests.support.clock import NOW, FakeClock

INSTALLATION = 77
RESET = int(NOW.timestamp()) + 600


@pytest.fixture
def clock() -> FakeClock:
    """The time the limiter goes by."""
    return FakeClock()


@pytest.fixture
def limiter(clock: FakeClock) -> Limiter:
    """A limiter that has admitted nothing yet."""
    return Limiter.alone(clock)


def call(limiter: Limiter, cost: Cost = READ, installation_id: int | None = 77) -> None:
    """Make a call that takes no time."""
    with limiter.admitted(installation_id, cost):
        pass


def wait_of(limiter: Limiter, cost: Cost = READ) -> timedelta:
    """Return how long a call has to wait."""
    with pytest.raises(RetryLater) as caught:
        call(limiter, cost)
    assert caught.value.reason == "rate_limited"
    assert caught.value.after is not None
    return caught.value.after


def test_a_minute_has_900_points_and_a_write_takes_five(limiter: Limiter) -> None:
    """GitHub counts a write as five reads."""
    for _ in range(179):
        call(limiter, WRITE)
    for _ in range(5):
        call(limiter)
    assert wait_of(limiter) > timedelta(0)


def test_points_come_back_with_time(limiter: Limiter, clock: FakeClock) -> None:
    """After the wait that was told, the call is admitted, and not before."""
    for _ in range(180):
        call(limiter, WRITE)
    wait = wait_of(limiter, WRITE)
    assert timedelta(minutes=1) < wait <= timedelta(seconds=63)
    clock.now += wait - timedelta(milliseconds=1)
    wait_of(limiter, WRITE)
    clock.advance(milliseconds=1.1)
    call(limiter, WRITE)


def test_issues_and_comments_have_a_limit_of_their_own(limiter: Limiter) -> None:
    """80 of them a minute; other calls go on."""
    for _ in range(80):
        call(limiter, CREATE)
    wait_of(limiter, CREATE)
    call(limiter, WRITE)


def test_unused_points_do_not_pile_up(limiter: Limiter, clock: FakeClock) -> None:
    """A quiet day does not allow two minutes' worth at once."""
    call(limiter)
    clock.advance(days=1)
    for _ in range(900):
        call(limiter)
    wait_of(limiter)


def test_calls_at_once_are_bounded(limiter: Limiter) -> None:
    """The fifty-first call at the same time waits; when one ends it may go."""
    with ExitStack() as running:
        for _ in range(50):
            running.enter_context(limiter.admitted(INSTALLATION, READ))
        assert wait_of(limiter) == timedelta(seconds=1)
    call(limiter)


def test_a_call_that_fails_is_over(limiter: Limiter) -> None:
    """Errors do not use up places for good."""
    for _ in range(60):
        with pytest.raises(OSError, match="gone"), limiter.admitted(INSTALLATION, READ):
            raise OSError("gone")
    call(limiter)


def test_installations_do_not_wait_for_one_another(limiter: Limiter) -> None:
    """One installation's limit is not another's, nor the App's own."""
    limiter.record_limit(INSTALLATION, {})
    call(limiter, installation_id=78)
    call(limiter, installation_id=None)
    wait_of(limiter)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, 60),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-1"}, 60),
        ({"retry-after": "999999"}, 3600),
        ({"retry-after": "9" * 5000}, 60),
        ({"retry-after": "\N{SUPERSCRIPT TWO}"}, 60),
        ({"retry-after": "7", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}, 7),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}, 600),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET - 900)}, 1),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET + 10**9)}, 3600),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 15}, 3600),
        ({"x-ratelimit-remaining": "0"}, 60),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(RESET)}, 60),
    ],
)
def test_a_limit_is_waited_for(
    limiter: Limiter, clock: FakeClock, headers: dict[str, str], pause: int
) -> None:
    """As long as GitHub says, a minute where it does not, an hour at most."""
    assert limiter.record_limit(INSTALLATION, headers) == timedelta(seconds=pause)
    assert wait_of(limiter) == timedelta(seconds=pause)
    clock.advance(seconds=pause)
    call(limiter)


def test_a_later_answer_does_not_shorten_a_pause(limiter: Limiter) -> None:
    """Of several pauses the longest counts, whatever the order of the answers."""
    limiter.record_limit(INSTALLATION, {"retry-after": "120"})
    limiter.record_limit(INSTALLATION, {"retry-after": "5"})
    limiter.record_answer(INSTALLATION, {"x-ratelimit-remaining": "0"})
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET - 590)}
    limiter.record_answer(INSTALLATION, spent)
    assert wait_of(limiter) == timedelta(seconds=120)


def test_the_last_call_of_the_hour_stops_the_next(limiter: Limiter, clock: FakeClock) -> None:
    """With nothing left of the quota, GitHub is not even asked until it is renewed."""
    call(limiter)
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}
    limiter.record_answer(INSTALLATION, spent)
    assert wait_of(limiter) == timedelta(seconds=600)
    clock.advance(seconds=600)
    call(limiter)


def test_what_is_left_is_told(limiter: Limiter) -> None:
    """Metrics show the quota of each installation whose answers have named it."""
    limiter.record_answer(INSTALLATION, {"x-ratelimit-remaining": "4999"})
    limiter.record_answer(INSTALLATION, {"x-ratelimit-remaining": "4998"})
    limiter.record_answer(None, {"x-ratelimit-remaining": "5"})
    limiter.record_answer(78, {"x-ratelimit-remaining": "many"})
    limiter.record_answer(79, {})
    call(limiter, installation_id=80)
    assert limiter.quota_left() == {INSTALLATION: 4998, None: 5}
