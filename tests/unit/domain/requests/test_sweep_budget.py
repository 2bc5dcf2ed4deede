"""Which repositories are looked at, and what looking may cost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId
from gate.domain.model.runs import Account
from gate.domain.requests.sweep_budget import (
    ACTIVE_EVERY,
    DEFAULT_QUOTA,
    MOST_LOOKS,
    OTHERS_EVERY,
    ROUND,
    Candidate,
    choose_looks,
    first_allowance,
    longest_wait,
    refilled,
    spent,
)
from tests.support.builders.defaults import NOW, TICK

OWNER = Account(AccountId(1), "octo-org")


def candidate(
    number: int,
    *,
    looked_at: datetime | None = NOW - timedelta(hours=1),
    active_at: datetime | None = None,
    is_awaited: bool = False,
) -> Candidate:
    """Make a repository that may be looked at."""
    name = f"octo-org/{number}"
    repository = Repository(RepositoryId(number), InstallationId(1), name, OWNER, "main")
    return Candidate(repository, is_awaited, looked_at, active_at)


def ids(chosen: list[Candidate]) -> list[int]:
    """Name the repositories."""
    return [it.repository.id for it in chosen]


@pytest.mark.parametrize(
    ("given", "every"),
    [
        (candidate(1), OTHERS_EVERY),
        (candidate(1, is_awaited=True), ACTIVE_EVERY),
        (candidate(1, active_at=NOW - timedelta(minutes=59)), ACTIVE_EVERY),
        (candidate(1, active_at=NOW - timedelta(minutes=60)), OTHERS_EVERY),
    ],
)
def test_how_often_a_repository_is_looked_at(given: Candidate, every: timedelta) -> None:
    """Within a round where something waits or happens, within two where nothing does."""
    for ago, due in ((every, True), (every - TICK, False)):
        looked_at = NOW - ago
        one = Candidate(given.repository, given.is_awaited, looked_at, given.active_at)
        assert ids(choose_looks([one], NOW)) == ([1] if due else [])
    assert every < 2 * ROUND


def test_one_that_was_never_looked_at_is_due() -> None:
    """There is nothing known of it."""
    assert ids(choose_looks([candidate(1, looked_at=None)], NOW)) == [1]


def test_order() -> None:
    """By turns: who waits or what happened last, and who has waited longest for a look."""
    chosen = choose_looks(
        [
            candidate(1),
            candidate(2, looked_at=None),
            candidate(3, looked_at=NOW - timedelta(hours=2)),
            candidate(4, active_at=NOW - timedelta(hours=3)),
            candidate(5, active_at=NOW - timedelta(minutes=3)),
            candidate(6, is_awaited=True),
        ],
        NOW,
    )
    assert ids(chosen) == [6, 2, 5, 3, 1, 4]


def test_a_hundred_active_ones_leave_the_others_their_turn() -> None:
    """Half of the looks are for who has waited longest."""
    busy = [candidate(number, active_at=NOW, looked_at=NOW - ROUND) for number in range(1, 101)]
    quiet = [candidate(number) for number in range(101, 201)]
    chosen = ids(choose_looks([*busy, *quiet], NOW))
    assert len(chosen) == MOST_LOOKS
    assert sum(number > 100 for number in chosen) == MOST_LOOKS // 2


@given(st.integers(1, 300), st.sets(st.integers(0, 299)))
def test_each_is_looked_at_in_the_time_that_is_told(count: int, active: set[int]) -> None:
    """Whatever happens in the others."""
    looked: dict[int, datetime | None] = dict.fromkeys(range(count))
    now, end = NOW, NOW + longest_wait(count)
    while now < end:
        candidates = [
            candidate(number + 1, looked_at=at, active_at=now if number in active else None)
            for number, at in looked.items()
        ]
        for it in choose_looks(candidates, now):
            looked[it.repository.id - 1] = now
        now += ROUND
    assert None not in looked.values()


@pytest.mark.parametrize(("count", "minutes"), [(1, 2), (40, 2), (60, 2), (61, 3), (300, 10)])
def test_how_long_a_look_takes_to_come(count: int, minutes: int) -> None:
    """Two minutes with up to sixty repositories; the doctor tells it for more."""
    assert longest_wait(count) == timedelta(minutes=minutes)


@given(st.lists(st.integers(0, 120), min_size=60, max_size=60))
def test_looking_takes_a_tenth_of_the_quota(wanted: list[int]) -> None:
    """In an hour no more than that is used, and what ten minutes have saved."""
    allowance, used = first_allowance(DEFAULT_QUOTA, NOW), 0
    for minute, calls in enumerate(wanted):
        allowance = refilled(allowance, DEFAULT_QUOTA, NOW + minute * ROUND)
        for _ in range(calls):
            if not allowance.is_used_up:
                allowance, used = spent(allowance, 1), used + 1
    assert used <= DEFAULT_QUOTA / 10 * 70 / 60


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    """And takes nothing."""
    allowance = spent(first_allowance(DEFAULT_QUOTA, NOW), 50)
    assert refilled(allowance, DEFAULT_QUOTA, NOW - ROUND).calls == allowance.calls
