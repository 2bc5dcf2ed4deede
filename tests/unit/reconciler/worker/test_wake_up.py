"""The wake-ups of threads that wait for one kind of work."""

from __future__ import annotations

from threading import Thread

from gate.reconciler.worker.wake_up import WakeUp


def test_a_wake_up_for_which_nobody_waited_is_not_lost() -> None:
    """Whoever has seen fewer does not wait."""
    wake_up = WakeUp()
    wake_up.wake()
    assert wake_up.wait(0) == 1
    wake_up.close()
    assert wake_up.wait(0) is None


def test_a_thread_that_waits_is_woken() -> None:
    """It need not ask."""
    wake_up, counts = WakeUp(), []
    thread = Thread(target=lambda: counts.append(wake_up.wait(0)))
    thread.start()
    wake_up.wake()
    thread.join(30)
    assert counts == [1]
