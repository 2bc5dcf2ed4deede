"""The timer that wakes the due watcher."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

from gate.reconciler.worker.due_timer import DueTimer

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
LONG = timedelta(seconds=60)


def test_it_goes_off_at_the_earliest_instant_and_forgets_it() -> None:
    """A later one does not put it off."""
    timer = DueTimer(lambda: NOW)
    timer.set(NOW + timedelta(milliseconds=20))
    timer.set(NOW + timedelta(hours=1))
    assert timer.at == NOW + timedelta(milliseconds=20)
    timer.set(NOW)
    assert timer.wait(LONG)
    assert timer.at is None


def test_an_earlier_instant_wakes_whoever_waits() -> None:
    """It was set while a thread waited for a later one."""
    timer, woken = DueTimer(lambda: NOW), list[bool]()
    timer.set(NOW + timedelta(hours=1))
    thread = Thread(target=lambda: woken.append(timer.wait(LONG)))
    thread.start()
    timer.set(NOW)
    thread.join(30)
    assert woken == [True]


def test_it_goes_off_after_the_longest_wait_and_ends_when_closed() -> None:
    """Without an instant, too: a hint may have been lost."""
    timer = DueTimer(lambda: NOW)
    assert timer.wait(timedelta(0))
    timer.close()
    assert not timer.wait(LONG)
