"""What the worker's threads are handed, and in which order."""

from __future__ import annotations

from threading import Thread
from typing import Any

from gate.domain.ids import RequestId
from gate.reconciler.reconcile import Begun
from gate.reconciler.wakeups import RequestQueue


def begun(number: int) -> Begun:
    """Make a pass; nobody looks into it here."""
    step: Any = None
    return Begun(RequestId(number), step, 0.0)


def test_a_pass_that_was_begun_goes_before_all_hints() -> None:
    """It holds a lease, while a hint only stands for a row that is due."""
    queue, first = RequestQueue(), begun(3)
    queue.put(RequestId(1))
    queue.put(RequestId(2))
    queue.put(RequestId(1))
    queue.finish(first)
    assert [queue.next() for _ in range(3)] == [first, 1, 2]


def test_closing_forgets_hints_but_no_pass() -> None:
    """Hints stay due in the database; what was begun is finished first."""
    queue, last = RequestQueue(), begun(2)
    queue.put(RequestId(1))
    queue.finish(last)
    queue.close()
    assert queue.next() is last
    assert queue.next() is None


def test_there_is_room_for_as_many_as_wait() -> None:
    """Each waiting thread takes one pass; what is queued has its thread already."""
    queue = RequestQueue()
    assert queue.room() == 0
    taken: list[object] = []
    threads = [Thread(target=lambda: taken.append(queue.next())) for _ in range(3)]
    for thread in threads:
        thread.start()
    while queue.room() < len(threads):
        pass
    queue.finish(begun(1))
    queue.put(RequestId(2))
    assert queue.room() == 1
    queue.close()
    for thread in threads:
        thread.join(30)
    assert queue.room() == 0
