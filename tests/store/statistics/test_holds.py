"""How long requests waited is read from the record, on both databases."""

from __future__ import annotations

from datetime import timedelta

from gate.domain.model.request import RequestState
from gate.domain.statistics.record import Period
from gate.store.engine.database import Database
from tests.store.statistics.on_record import PERIOD, holds, judged, read
from tests.support.builders.defaults import NOW, before
from tests.support.rows import answer, ask, asked, end, forget_end


def test_a_hold_ends_with_an_answer(database: Database) -> None:
    """It began when the request did."""
    request = judged(database, asked(database, now=before(minutes=10)))
    waited = PERIOD.until - before(minutes=10)
    assert holds(read(database)) == [([], 1, waited)]
    answer(database, request)
    assert holds(read(database)) == [([timedelta(minutes=10)], 0, timedelta(0))]


def test_an_approval_at_the_first_look_held_nobody(database: Database) -> None:
    """Without a decision to wait there was no hold."""
    answer(database, asked(database))
    assert read(database).holds == ()


def test_a_hold_ends_when_its_request_does(database: Database) -> None:
    """Whether or not GitHub has our answer; a late job makes it wait again from then on."""
    request = judged(database, asked(database, now=before(minutes=30)))
    end(database, request, RequestState.RESOLVED_ELSEWHERE)
    assert holds(read(database)) == [([timedelta(minutes=30)], 0, timedelta(0))]
    ask(database, deployment=32, now=NOW + timedelta(hours=2))
    assert holds(read(database)) == [([], 1, PERIOD.until - (NOW + timedelta(hours=2)))]


def test_a_hold_that_ended_after_the_period_was_going_on_at_its_end(database: Database) -> None:
    """What a period shows does not change when it is looked at later."""
    answer(database, judged(database, asked(database, now=before(minutes=30))))
    found = read(database, period=Period(before(days=1), NOW))
    assert holds(found) == [([], 1, timedelta(minutes=30))]


def test_clocks_that_disagree_take_no_time_back(database: Database) -> None:
    """An end before the beginning is none at all."""
    request = judged(database, asked(database, now=NOW + timedelta(minutes=5)))
    answer(database, request)
    assert holds(read(database)) == [([timedelta(0)], 0, timedelta(0))]


def test_what_an_older_version_answered_during_an_upgrade_is_over(database: Database) -> None:
    """It wrote no end, only the answer."""
    request = judged(database, asked(database, now=before(minutes=10)))
    answer(database, request)
    forget_end(database, request)
    assert holds(read(database)) == [([timedelta(minutes=10)], 0, timedelta(0))]
    earlier = Period(before(days=1), NOW)
    assert holds(read(database, period=earlier)) == [([], 1, timedelta(minutes=10))]


def test_what_an_older_version_closed_during_an_upgrade_is_left_out(database: Database) -> None:
    """Nobody knows how long it waited; to go on for ever would be worse than nothing."""
    request = judged(database, asked(database, now=before(minutes=10)))
    end(database, request, RequestState.LAPSED)
    forget_end(database, request)
    assert read(database).holds == ()
