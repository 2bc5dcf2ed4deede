"""Which hints a node keeps for its own threads, and when it has room for those of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from gate.domain.model.hints import DeliveryHint, Demand, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.reconciler.worker.local_queues import (
    DELIVERIES_KEPT,
    DELIVERIES_LOW,
    KEPT_OF_EACH,
    REQUESTS_KEPT,
    REQUESTS_LOW,
    Queues,
)
from tests.support.harness import wait_for

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def requests(count: int, at: datetime = NOW) -> list[Hint]:
    """Make hints of requests."""
    return [RequestHint(RequestId(it), at) for it in range(count)]


def deliveries(count: int) -> list[Hint]:
    """Make hints of deliveries."""
    return [DeliveryHint(DeliveryId(f"d-{it}"), NOW) for it in range(count)]


def open_queues() -> Queues:
    """Make queues with threads that follow them."""
    queues = Queues(lambda: NOW)
    queues.open()
    return queues


def test_hints_of_what_is_due_reach_whoever_does_it() -> None:
    """What is due later wakes nobody before its time."""
    queues = Queues(lambda: NOW)
    hints: list[Hint] = [
        DeliveryHint(DeliveryId("d-1"), NOW),
        RequestHint(RequestId(7), NOW),
        WorkHint(Work.ALERTS, NOW),
        DeliveryHint(DeliveryId("d-2"), LATER),
        RequestHint(RequestId(8), LATER),
        WorkHint(Work.ISSUES, LATER),
    ]
    queues.pass_on(hints)
    assert queues.deliveries.take_now(9) == ["d-1"]
    assert queues.requests.next_now() == 7
    assert queues.requests.next_now() is None
    assert [it for it, wake_up in queues.wake_ups.items() if wake_up.wait(-1)] == [Work.ALERTS]
    assert queues.due_timer.at == LATER


def test_a_node_without_threads_keeps_nothing() -> None:
    """Before they start, and from when they are to end; what is due later is told, too."""
    hints = [*requests(1), *requests(1, LATER), WorkHint(Work.ALERTS, NOW)]
    queues = Queues(lambda: NOW)
    assert queues.divide(hints) == ((), hints)
    queues.open()
    queues.drain()
    assert queues.divide(hints) == ((), hints)


def test_an_idle_node_tells_nobody() -> None:
    """As much as its threads come to next is no matter of others."""
    hints = [*requests(REQUESTS_KEPT), *deliveries(DELIVERIES_KEPT), *requests(99, LATER)]
    assert open_queues().divide(hints) == (hints, [])


def test_a_busy_node_shares_what_goes_beyond() -> None:
    """What waits already counts."""
    queues = open_queues()
    queues.pass_on([*requests(REQUESTS_KEPT - 1), *deliveries(DELIVERIES_KEPT - 1)])
    more = [*requests(2), *deliveries(2)]
    assert queues.divide(more) == ([more[0], more[2]], [more[1], more[3]])


def test_a_busy_node_keeps_the_few_of_another_installation() -> None:
    """They do not wait behind the many: installations take turns here."""
    queues = open_queues()
    queues.pass_on(requests(REQUESTS_KEPT))
    few: list[Hint] = [RequestHint(RequestId(it), NOW, InstallationId(3)) for it in range(100, 109)]
    assert queues.divide(few) == (few[:KEPT_OF_EACH], few[KEPT_OF_EACH:])


def test_work_that_is_under_way_is_told_to_others_too() -> None:
    """Whoever comes first does it."""
    queues, hint = open_queues(), WorkHint(Work.ALERTS, NOW)
    assert queues.divide([hint]) == ([hint], [hint])
    wake_up = queues.wake_ups[Work.ALERTS]
    thread = Thread(target=lambda: wake_up.wait(0))
    thread.start()
    while not wake_up.has_waiter:
        assert thread.is_alive()
    assert queues.divide([hint]) == ([hint], [])
    queues.close()
    thread.join(30)


def test_a_node_has_room_while_little_waits() -> None:
    """Of either kind, each for itself; whoever asks is told of the change by who takes."""
    queues, told = open_queues(), list[None]()

    def tell() -> None:
        told.append(None)

    queues.pass_on([*requests(REQUESTS_LOW - 1), *deliveries(DELIVERIES_LOW - 1)])
    assert queues.demand(tell) == Demand()
    queues.pass_on(requests(REQUESTS_LOW))
    assert queues.demand(tell) == Demand(requests=False)
    queues.pass_on(deliveries(DELIVERIES_LOW))
    assert queues.demand(tell) == Demand(deliveries=False, requests=False)
    assert told == []
    assert queues.requests.next_now() == 0
    assert told == [None]
    assert queues.demand(tell) == Demand(deliveries=False)
    queues.unsubscribe()
    assert queues.deliveries.take_now(1) == ["d-0"]
    assert told == [None]
    assert queues.demand(tell) == Demand()


def test_an_installation_whose_calls_hang_leaves_room_for_others() -> None:
    """What waits of one that holds its threads is in nobody's way, and no more of it is taken."""
    queues, told, go_on = open_queues(), Event(), Event()
    noisy = InstallationId(3)

    def work() -> None:
        queues.requests.next()
        go_on.wait(30)
        queues.requests.next()

    threads = [Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    many: list[Hint] = [RequestHint(RequestId(it), NOW, noisy) for it in range(12 + REQUESTS_LOW)]
    queues.pass_on(many)
    wait_for(lambda: len(queues.requests) == REQUESTS_LOW, "the threads")
    assert queues.demand(told.set) == Demand(without=frozenset({noisy}))
    assert not told.is_set()
    go_on.set()
    assert told.wait(30)
    wait_for(lambda: queues.demand(told.set) == Demand(), "the rest")
    queues.close()
    for thread in threads:
        thread.join(30)


def test_what_nobody_has_come_to_is_left() -> None:
    """A node that ends tells others of it."""
    queues = open_queues()
    queues.pass_on([*deliveries(1), *requests(1)])
    queues.drain()
    assert queues.left() == [*deliveries(1), *requests(1)]
