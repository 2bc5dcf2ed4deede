"""What a page says of the metrics: values with units, definitions, and honest comparisons."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.statistics.insights import Unit, Value, compare, define, make_insights
from gate.domain.statistics.metrics import measure, measure_pass_rate
from gate.domain.statistics.record import EMPTY, Period
from tests.support.builders.defaults import NOW, before


def value(unit: Unit, number: float | None, sample: int = 50) -> Value:
    """Make a value of which the counts do not matter."""
    return Value(unit, number, sample, "")


@pytest.mark.parametrize(
    ("now", "earlier", "said"),
    [
        (value(Unit.EVENTS, 88, 88), value(Unit.EVENTS, 100, 100), "12 % fewer than"),
        (value(Unit.EVENTS, 110, 110), value(Unit.EVENTS, 100, 100), "10 % more than"),
        (value(Unit.EVENTS, 0, 0), value(Unit.EVENTS, 20, 20), "100 % fewer than"),
        (value(Unit.EVENTS, 20, 20), value(Unit.EVENTS, 0, 0), "20 now, 0 in the 30 days"),
        (value(Unit.EVENTS, 4, 4), value(Unit.EVENTS, 5, 5), "20 % fewer than"),
        (value(Unit.EVENTS, 4, 4), value(Unit.EVENTS, 4, 4), "Too few to compare: 4 now, 4 in"),
        (value(Unit.MEAN, 3, 9), value(Unit.MEAN, 2, 9), "50 % more than"),
        (value(Unit.SHARE, 0.81), value(Unit.SHARE, 0.8), "1 percentage point higher than"),
        (value(Unit.SHARE, 0.5), value(Unit.SHARE, 0.8), "30 percentage points lower than"),
        (value(Unit.TIME, 60), value(Unit.TIME, 120), "50 % shorter than"),
        (value(Unit.TIME, 180), value(Unit.TIME, 120), "50 % longer than"),
        (value(Unit.TIME, 60), value(Unit.TIME, 60), "The same as in the 30 days before."),
        (value(Unit.TIME, 60), value(Unit.TIME, 0), "1 min now, 0 s in the 30 days before."),
        (value(Unit.MEAN, 3, 4), value(Unit.MEAN, 2, 9), "Too few to compare: 4 now, 9 in"),
        (value(Unit.SHARE, None, 0), value(Unit.SHARE, 0.5), "Too few to compare: 0 now, 50 in"),
    ],
)
def test_a_change_is_worded_and_few_are_counted(now: Value, earlier: Value, said: str) -> None:
    """Chance is not called a trend."""
    assert compare(now, earlier, 30).startswith(said)


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (value(Unit.SHARE, 0.5), "50 %"),
        (value(Unit.TIME, 90), "1 min 30 s"),
        (value(Unit.MEAN, 1.5), "1.5"),
        (value(Unit.EVENTS, 10), "10"),
        (value(Unit.TIME, None), "no data"),
    ],
)
def test_a_number_has_its_unit(one: Value, shown: str) -> None:
    """Nothing measured is not zero."""
    assert one.shown == shown


def test_a_definition_is_the_documentations() -> None:
    """It is taken from the code that measures."""
    lead, rest = define(measure_pass_rate)
    assert lead == "Of the validation's run attempts that passed or failed, those that passed."
    assert "A re-run is a separate attempt." in rest


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (0.12, "less than 1 s"), (1, "1 s"), (90, "1 min 30 s")]
)
def test_a_time_that_is_not_zero_is_not_called_so(seconds: float, shown: str) -> None:
    """And a time is the median of those measured."""
    assert value(Unit.TIME, seconds).shown == shown
    assert value(Unit.TIME, seconds).is_median
    assert not value(Unit.EVENTS, seconds).is_median


@pytest.mark.parametrize(("days", "compared"), [(7, True), (30, False)])
def test_what_is_deleted_is_not_compared(days: int, *, compared: bool) -> None:
    """A period before that is half deleted would look like a rise."""
    now = measure(EMPTY, Period(before(days=days), NOW))
    earlier = measure(EMPTY, Period(before(days=2 * days), before(days=days)))
    found = {
        it.title: it for it in make_insights(now, earlier, [now, now], days, timedelta(days=35))
    }
    assert found["Validation pass rate"].change.startswith("Not compared") is not compared
    assert found["Incidents"].change.startswith("Too few to compare: 0")
    assert all(it.lead for it in found.values())
    assert all(it.trend == (it.value, it.value) for it in found.values())
