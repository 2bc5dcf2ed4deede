"""What the worker's threads are handed, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final

import pytest

from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.reconciler.ingest.room import Allotment, Room
from gate.reconciler.requests.reconcile import Begun
from gate.reconciler.worker.queues import TURN, DeliveryQueue, RequestQueue
from gate.store.requests.leases import Lease
from tests.support.harness import wait_for

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)


def begun(number: int, of: InstallationId | None = None) -> Begun:
    """Make a pass; nobody looks into it here."""
    step: Any = SimpleNamespace(view=SimpleNamespace(lease=Lease(RequestId(number), 1, 0, of)))
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
    assert queue.room().free == 0
    taken: list[object] = []
    threads = [Thread(target=lambda: taken.append(queue.next())) for _ in range(3)]
    for thread in threads:
        thread.start()
    while queue.room().free < len(threads):
        pass
    queue.finish(begun(1))
    queue.put(RequestId(2))
    assert queue.room().free == 1
    queue.close()
    for thread in threads:
        thread.join(30)
    assert queue.room().free == 0


NOISY: Final = InstallationId(1)
QUIET: Final = InstallationId(2)


def test_installations_take_turns() -> None:
    """One request does not wait for the thousands of somebody else, in whatever order they came."""
    queue = RequestQueue()
    for number in range(1000):
        queue.put(RequestId(number), NOISY)
    queue.put(RequestId(5001), QUIET)
    queue.put(RequestId(5002), QUIET)
    assert [queue.next() for _ in range(5)] == [0, 5001, 1, 5002, 2]
    assert [queue.next_now() for _ in range(2)] == [3, 4]


def test_a_full_queue_takes_a_few_of_everybody() -> None:
    """What is dropped is due in the database; a quiet installation is not made to wait for that."""
    queue = RequestQueue()
    for number in range(20_005):
        queue.put(RequestId(number), NOISY)
    for number in range(30_000, 30_105):
        queue.put(RequestId(number), QUIET)
    assert len(queue) == 20_000 + 100


Requests = tuple[RequestQueue, list[object], Event]


@pytest.fixture
def requests() -> Iterator[Requests]:
    """Provide a queue with 16 threads, what they have taken, and what lets them take once more."""
    queue, taken, go_on = RequestQueue(), list[object](), Event()

    def work() -> None:
        taken.append(queue.next())
        go_on.wait(30)
        taken.append(queue.next())

    threads = [Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    wait_for(lambda: queue.room().free == 16, "the threads")
    yield queue, taken, go_on
    go_on.set()
    queue.close()
    for thread in threads:
        thread.join(30)


def test_no_installation_holds_all_threads(requests: Requests) -> None:
    """When its calls hang, the others still have some; a thread that is done makes room again."""
    queue, taken, go_on = requests
    for number in range(40):
        queue.put(RequestId(number), NOISY)
    wait_for(lambda: len(taken) == 12, "the threads")
    queue.put(RequestId(5001), QUIET)
    wait_for(lambda: 5001 in taken, "the quiet one")
    assert len(taken) == 13
    go_on.set()
    wait_for(lambda: len(taken) == 25, "the next ones")


def test_passes_that_were_begun_hold_no_more_than_their_part(requests: Requests) -> None:
    """However many two readers began at once: the rest waits, and another's is taken."""
    queue, taken, go_on = requests
    for number in range(16):
        queue.finish(begun(number, NOISY))
    queue.put(RequestId(5001), QUIET)
    wait_for(lambda: 5001 in taken, "the quiet one")
    queue.finish(begun(5002, QUIET))
    wait_for(lambda: len(taken) == 14, "the quiet one's next")
    assert queue.room() == Room(2, 12, {NOISY: 16, QUIET: 2})
    allotment = Allotment(queue.room())
    assert [allotment.take(it) for it in (NOISY, QUIET, QUIET, QUIET)] == [False, True, True, False]
    go_on.set()
    wait_for(lambda: len(taken) == 18, "the rest, as soon as threads are done")


def put_all(queue: DeliveryQueue, *names: str) -> None:
    """Hint at some deliveries."""
    for name in names:
        queue.put(DeliveryId(name))


def test_an_idle_gate_reads_at_once_and_a_busy_one_together() -> None:
    """The first turn waits for nothing; the next begins a little later and takes what has come."""
    queue = DeliveryQueue()
    put_all(queue, "a")
    started = monotonic()
    assert queue.take(64) == ["a"]
    taken: list[list[DeliveryId]] = []
    reader = Thread(target=lambda: taken.append(queue.take(64)))
    reader.start()
    put_all(queue, "b", "c", "b")
    reader.join(30)
    assert taken == [["b", "c"]]
    assert monotonic() - started >= TURN.total_seconds()


def test_a_full_turn_waits_for_nothing() -> None:
    """As many as are read at once are read at once, and another thread is given the rest."""
    queue = DeliveryQueue()
    queue._last = monotonic() + 3600
    taken: list[list[DeliveryId]] = []
    readers = [Thread(target=lambda: taken.append(queue.take(2))) for _ in range(2)]
    for reader in readers:
        reader.start()
    put_all(queue, "a", "b")
    while len(taken) < 1:
        pass
    assert taken == [["a", "b"]]
    queue._last = monotonic() + 3600
    put_all(queue, "c")
    queue.close()
    for reader in readers:
        reader.join(30)
    assert taken[1:] == [[]]


def test_no_hint_is_left_behind() -> None:
    """Whatever two readers and a writer do, each delivery is taken."""
    queue = DeliveryQueue()
    taken: list[DeliveryId] = []

    def read() -> None:
        while batch := queue.take(8):
            taken.extend(batch)

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    names = [f"d{number}" for number in range(2000)]
    put_all(queue, *names)
    while len(taken) < len(names):
        assert all(reader.is_alive() for reader in readers)
    queue.close()
    for reader in readers:
        reader.join(30)
    assert sorted(taken) == sorted(names)
