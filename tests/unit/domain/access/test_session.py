"""How long a session lasts, and how long GitHub's answer counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.access.session import (
    IDLE,
    LIFETIME,
    LOOK_AFTER,
    LOOK_AGAIN,
    LOOK_LASTS,
    RENEW_BEFORE,
    RIGHTS_COUNT,
    SEEN_EVERY,
    Session,
    ends_at,
    is_being_checked,
    is_newly_seen,
    is_over,
    knows_rights,
    must_look,
)
from gate.domain.model.access import NOTHING
from tests.support.builders.defaults import NOW

TICK = timedelta(microseconds=1)
ZERO = timedelta()


def make_session(
    *, created: timedelta = ZERO, seen: timedelta = ZERO, look: timedelta = LOOK_AFTER
) -> Session:
    """Build a session that began, was seen and checked some time after NOW."""
    return Session(1, 2, "ada", NOW + created, NOW + seen, NOW, NOW + look, NOTHING)


@pytest.mark.parametrize(
    ("seen", "ends"),
    [(ZERO, IDLE), (timedelta(hours=9), timedelta(hours=11)), (timedelta(hours=11), LIFETIME)],
)
def test_a_session_ends_unused_or_old(seen: timedelta, ends: timedelta) -> None:
    """Whichever comes first; the end itself is too late."""
    session = make_session(seen=seen)
    assert ends_at(session) == NOW + ends
    assert not is_over(session, NOW + ends - TICK)
    assert is_over(session, NOW + ends)


def test_an_answer_counts_for_five_minutes() -> None:
    """It is asked for again before that, and a use is recorded once a minute."""
    session = make_session()
    assert knows_rights(session, NOW + RIGHTS_COUNT - TICK)
    assert not knows_rights(session, NOW + RIGHTS_COUNT)
    assert not must_look(session, NOW + LOOK_AFTER - TICK)
    assert must_look(session, NOW + LOOK_AFTER)
    assert not is_newly_seen(session, NOW + SEEN_EVERY - TICK)
    assert is_newly_seen(session, NOW + SEEN_EVERY)


def test_who_asks_is_told_from_who_failed() -> None:
    """Others wait for the one, and not for the other."""
    assert is_being_checked(make_session(look=LOOK_LASTS), NOW)
    assert not is_being_checked(make_session(look=LOOK_AGAIN), NOW)


def test_the_times_fit_together() -> None:
    """GitHub is asked while its answer counts, with a token that outlives the answer."""
    assert LOOK_AFTER < RIGHTS_COUNT < RENEW_BEFORE
    assert LOOK_AGAIN < LOOK_LASTS < IDLE < LIFETIME
