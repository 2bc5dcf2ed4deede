"""The metrics of incidents: responses, ends, false positives and alerts."""

from __future__ import annotations

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.model.course import Course
from gate.domain.statistics.metrics import (
    measure_acted_on,
    measure_alerts_per_incident,
    measure_false_positives,
    measure_time_to_acknowledge,
    measure_time_to_decide,
    measure_time_to_resolve,
)
from gate.domain.statistics.record import Period
from gate.domain.statistics.spread import Share, Spread
from gate.domain.statistics.stats import AlertLoad
from tests.support.builders.defaults import NOW, TICK
from tests.support.incidents import make_failure
from tests.unit.domain.statistics.incident_stories import GREEN, PERIOD, minutes, said, story


def test_times_run_from_the_opening_to_the_first_response() -> None:
    """A decision acknowledges; a second one changes the course, not the time."""
    told = story(
        (10, Decided(Course.ACCEPT_RISK, "?")),
        (20, Acknowledged()),
        (30, Decided(Course.ROLLBACK, "!")),
    )
    acknowledged = measure_time_to_acknowledge([told], PERIOD)
    decided = measure_time_to_decide([told], PERIOD)
    assert acknowledged.spread == decided.spread == Spread(1, minutes(10), minutes(10))


@pytest.mark.parametrize("again", [(), ((65.0, Acknowledged()),)])
def test_an_outbreak_that_must_be_acknowledged_again_changes_no_time(
    again: tuple[tuple[float, Happening], ...],
) -> None:
    """The first acknowledgement counts, although it does not hold any more."""
    told = story(
        (10, Acknowledged()), (20, GREEN), (60, Reopened(make_failure(run_id=900))), *again
    )
    found = measure_time_to_acknowledge([told], PERIOD)
    assert (found.spread, found.waiting) == (Spread(1, minutes(10), minutes(10)), 0)


def test_who_still_waits_and_who_never_heard_are_told_apart() -> None:
    """Neither is in the median, which would look better for it."""
    stories = [story(), story((5, GREEN)), story((7, Acknowledged()), (9, GREEN))]
    found = measure_time_to_acknowledge(stories, PERIOD)
    assert (found.spread.count, found.waiting, found.never) == (1, 1, 1)
    decided = measure_time_to_decide(stories, PERIOD)
    assert (decided.spread.count, decided.waiting, decided.never) == (0, 1, 2)
    resolved = measure_time_to_resolve(stories, PERIOD)
    assert (resolved.spread, resolved.waiting, resolved.never) == (
        Spread(2, minutes(7), minutes(9)),
        1,
        0,
    )


@pytest.mark.parametrize(
    ("happened", "is_false"),
    [
        ([(5, GREEN)], True),
        ([(2, Acknowledged()), (5, GREEN)], True),
        ([(2, Decided(Course.ROLLBACK, "")), (5, GREEN)], False),
        ([(2, Decided(Course.FIX_FORWARD, "")), (5, GREEN)], False),
        # The course that stands last hides none that was taken.
        (
            [(2, Decided(Course.ROLLBACK, "")), (3, Decided(Course.ACCEPT_RISK, "")), (5, GREEN)],
            False,
        ),
        (
            [(2, Decided(Course.ACCEPT_RISK, "")), (2, Resolved(Resolution.RISK_ACCEPTED, ""))],
            False,
        ),
        ([(5, Resolved(Resolution.BY_HAND, "noise"))], False),
    ],
)
def test_a_false_positive_went_green_without_a_rollback_or_fix(
    happened: list[tuple[float, Happening]], is_false: bool
) -> None:
    """Each of these incidents is over, so each is in the denominator."""
    assert measure_false_positives([story(*happened)], PERIOD) == Share(int(is_false), 1)


def test_an_open_incident_is_no_false_positive_yet() -> None:
    """Nobody knows what it will need."""
    assert measure_false_positives([story((2, Acknowledged()))], PERIOD) == Share(0, 0)


def test_alerts_are_counted_by_message_and_incident() -> None:
    """The mean hides the one that never stopped, so the most is told beside it."""
    stories = [said(story(), 0, 15, 60), said(story(), 0), story()]
    found = measure_alerts_per_incident(stories, PERIOD)
    assert found == AlertLoad(messages=4, incidents=3, most=3)
    assert found.mean == pytest.approx(4 / 3)
    assert measure_alerts_per_incident([], PERIOD).mean is None


@pytest.mark.parametrize(
    ("happened", "acted"),
    [
        ([], False),
        ([(5, GREEN)], False),
        ([(5, Acknowledged())], True),
        ([(5, Silenced(NOW, ""))], True),
        ([(5, Resolved(Resolution.BY_HAND, ""))], True),
    ],
)
def test_what_people_do_is_acting(happened: list[tuple[float, Happening]], acted: bool) -> None:
    """What the gate does by itself is nobody's act."""
    assert measure_acted_on([story(*happened)], PERIOD) == Share(int(acted), 1)


def test_what_happens_at_the_end_of_the_period_is_not_in_it() -> None:
    """One tick earlier it is."""
    told = said(story((10, Decided(Course.ROLLBACK, "")), (10, GREEN)), 10)
    at = NOW + minutes(10)
    before, after = Period(NOW, at), Period(NOW, at + TICK)
    for measured in (measure_time_to_acknowledge, measure_time_to_decide, measure_time_to_resolve):
        assert measured([told], before).waiting == 1
        assert measured([told], after).spread.count == 1
    assert measure_alerts_per_incident([told], before).messages == 0
    assert measure_alerts_per_incident([told], after).messages == 1
    assert measure_acted_on([told], before).count == 0
    assert measure_acted_on([told], after).count == 1
