"""The alarm that wakes the lookout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

from gate.reconciler.worker.alarm import Alarm

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
LONG = timedelta(seconds=60)


def test_it_goes_off_at_the_earliest_instant_and_forgets_it() -> None:
    """A later one does not put it off."""
    alarm = Alarm(lambda: NOW)
    alarm.set(NOW + timedelta(milliseconds=20))
    alarm.set(NOW + timedelta(hours=1))
    assert alarm.at == NOW + timedelta(milliseconds=20)
    alarm.set(NOW)
    assert alarm.wait(LONG)
    assert alarm.at is None


def test_an_earlier_instant_wakes_whoever_waits() -> None:
    """It was set while a thread waited for a later one."""
    alarm, woken = Alarm(lambda: NOW), list[bool]()
    alarm.set(NOW + timedelta(hours=1))
    thread = Thread(target=lambda: woken.append(alarm.wait(LONG)))
    thread.start()
    alarm.set(NOW)
    thread.join(30)
    assert woken == [True]


def test_it_goes_off_after_the_longest_wait_and_ends_when_closed() -> None:
    """Without an instant, too: a hint may have been lost."""
    alarm = Alarm(lambda: NOW)
    assert alarm.wait(timedelta(0))
    alarm.close()
    assert not alarm.wait(LONG)
