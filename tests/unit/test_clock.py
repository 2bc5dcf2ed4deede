"""A clock that follows another one, which all nodes read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.clock import DRIFT, WIDEST, Moment, Reading, SharedClock, read_other_clock
from tests.support.builders.defaults import NOW


@dataclass(slots=True)
class World:
    """The true time of a database, and a node's uptime, which may run a little differently."""

    true: float = 0.0
    uptime: float = 1000.0
    rate: float = 1.0
    set_by: float = 0.0
    own_set_by: float = 0.0
    ways: list[tuple[float, float]] = field(default_factory=list)

    def let_pass(self, seconds: float) -> None:
        """Let time pass."""
        self.true += seconds
        self.uptime += seconds * self.rate

    def read(self) -> Reading:
        """Ask the database, which takes a while there and back."""
        there, back = self.ways.pop(0) if self.ways else (0.0, 0.0)

        def answer() -> object:
            self.let_pass(there)
            shown = NOW + timedelta(seconds=self.true + self.set_by)
            self.let_pass(back)
            return shown

        return read_other_clock(answer, lambda: self.uptime)  # type: ignore[arg-type]

    def own(self) -> datetime:
        """Return the time by the node's own clock, which goes with its uptime unless it is set."""
        return NOW + timedelta(seconds=self.uptime + self.own_set_by)

    def off(self, clock: SharedClock) -> float:
        """Return by how many seconds a clock is off."""
        shown = (clock() - NOW).total_seconds()
        return abs(shown - self.true - self.set_by)


_ways = st.floats(0, 3)
_beats = st.lists(st.tuples(st.floats(0, 600), _ways, _ways), max_size=8)


@given(st.tuples(_ways, _ways), _beats, st.floats(1 - DRIFT / 2, 1 + DRIFT / 2))
@example((0.0, 0.5), [(0.0, 0.5, 0.0)], 1 + DRIFT / 2)
@example((0.0, 3.0), [(10.0, 3.0, 0.0), (10.0, 0.0, 0.0)], 1.0)
def test_the_error_is_within_what_is_promised(
    first: tuple[float, float], beats: list[tuple[float, float, float]], rate: float
) -> None:
    """However slow the ways are and however the quartz drifts, the error stays within `error`."""
    world = World(rate=rate, ways=[first, first, first])
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    world.ways.clear()
    for pause, there, back in beats:
        world.let_pass(pause)
        world.ways = [(there, back)]
        assert clock.measure() == timedelta(0)
        assert world.off(clock) <= clock.error


def test_a_sharp_reading_is_kept_until_it_has_worn_off() -> None:
    """What a slow answer says adds nothing to what is known better, so the time does not jitter."""
    world = World(ways=[(0.001, 0.001)])
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    world.ways = [(0.5, 0.0)]
    clock.measure()
    assert world.off(clock) < 1e-5
    # In three hours quartz may be off by a second.
    world.let_pass(3 * 3600)
    world.ways = [(0.5, 0.0)]
    clock.measure()
    assert abs(world.off(clock) - 0.25) < 1e-5


def test_a_clock_that_was_set_is_followed() -> None:
    """When another server takes over whose clock is off, all nodes go by that one."""
    world = World(ways=[(0.01, 0.01)])
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    world.set_by = -45
    world.ways = [(0.01, 0.01)]
    assert abs(clock.measure().total_seconds() + 45) < 0.001
    assert world.off(clock) < 0.001


def test_an_answer_that_took_too_long_tells_nothing() -> None:
    """A process that was stopped between question and answer does not set its clock by it."""
    world = World()
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    world.ways = [(0.0, 600.0)]
    assert clock.measure() == timedelta(0)
    assert world.off(clock) < 0.001


def test_the_first_reading_is_tried_again_when_it_took_too_long() -> None:
    """A pause during the start is not taken for a difference of the clocks."""
    world = World(ways=[(0.0, 60.0), (0.0, 0.1)])
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    assert clock.error <= WIDEST
    assert world.off(clock) < 0.1


def test_a_pause_that_uptime_does_not_show_is_noticed_by_the_clock_that_is_set() -> None:
    """Until the other clock was read again; how far the own one is off matters to nothing else."""
    world = World()
    clock = SharedClock(world.read, lambda: world.uptime, world.own)
    assert not clock.has_jumped()
    world.true += 600
    world.own_set_by += 600
    assert clock.has_jumped()
    world.ways = [(0.0, 60.0)]
    clock.measure()
    assert clock.has_jumped()
    clock.measure()
    assert not clock.has_jumped()
    assert world.off(clock) < 1


@pytest.mark.parametrize(
    ("by_clock", "by_uptime", "is_over"),
    [
        (5.0, 5.0, False),
        (5.1, 5.0, True),  # a pause that uptime does not show
        (5.0, 5.1, True),  # the clock was set back meanwhile
        (-60.0, 4.0, False),
        (600.0, 0.0, True),
    ],
)
def test_a_span_is_over_when_either_clock_says_so(
    by_clock: float, by_uptime: float, *, is_over: bool
) -> None:
    """Exactly the span is not more than it."""
    began = Moment(NOW, 1000.0)
    later = NOW + timedelta(seconds=by_clock)
    assert began.is_over(timedelta(seconds=5), lambda: later, lambda: 1000.0 + by_uptime) is is_over
