"""Hand the hints of this process's transactions, and of other nodes, to its own threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from gate.clock import Clock
from gate.domain.model.hints import DeliveryHint, Demand, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import InstallationId
from gate.reconciler.worker.due_timer import DueTimer
from gate.reconciler.worker.queues import DeliveryQueue, RequestQueue
from gate.reconciler.worker.wake_up import WakeUp
from gate.store.engine.database import Transaction

REQUESTS_KEPT: Final = 32
DELIVERIES_KEPT: Final = 128
"""Hints that wait here before other nodes are told of more: what the threads come to next."""

KEPT_OF_EACH: Final = 2
"""Hints of an installation that are kept in any case: here it has its turn soon."""

REQUESTS_LOW: Final = 16
DELIVERIES_LOW: Final = 64
"""Hints that wait here when more are asked of other nodes, so that no thread waits for them."""


class Queues:
    """Everything that threads of one process wait for."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing to do, and with nobody who does it."""
        self._clock = clock
        self._has_threads = False
        self.deliveries: Final = DeliveryQueue()
        self.requests: Final = RequestQueue()
        self.wake_ups: Final = {work: WakeUp() for work in Work}
        self.due_timer: Final = DueTimer(clock)

    def open(self) -> None:
        """Accept hints from now on: there are threads that follow them."""
        self._has_threads = True

    def drain(self) -> None:
        """Accept no more hints: the threads are about to end."""
        self._has_threads = False

    def store(self, tx: Transaction, hints: Sequence[Hint]) -> Sequence[Hint]:  # noqa: ARG002 - the port's
        """Return all for this process: the carrier's part where there is no other."""
        return hints

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Wake whoever does what is due now; what is due later sets the timer."""
        now = self._clock()
        for hint in hints:
            if hint.at > now:
                self.due_timer.set(hint.at)
                continue
            match hint:
                case DeliveryHint(delivery_id):
                    self.deliveries.put(delivery_id)
                case RequestHint(request_id):
                    self.requests.put(request_id, hint.installation_id)
                case WorkHint(work):
                    self.wake_ups[work].wake()
                case _:
                    assert_never(hint)

    def divide(self, hints: Sequence[Hint]) -> tuple[Sequence[Hint], Sequence[Hint]]:
        """Return the hints that the threads here come to soon, and those for whoever can.

        Work of a kind that is under way here is told to others and done here, whoever is first.
        """
        if not self._has_threads:
            return (), hints
        now = self._clock()
        requests, deliveries = len(self.requests), len(self.deliveries)
        kept = Counter[InstallationId | None]()
        ours: list[Hint] = []
        others: list[Hint] = []
        for hint in hints:
            if hint.at > now:
                ours.append(hint)
                continue
            match hint:
                case DeliveryHint():
                    deliveries += 1
                    (ours if deliveries <= DELIVERIES_KEPT else others).append(hint)
                case RequestHint(installation_id=of):
                    requests += 1
                    has_turn = self.requests.count_of(of) + kept[of] < KEPT_OF_EACH
                    kept[of] += 1
                    (ours if requests <= REQUESTS_KEPT or has_turn else others).append(hint)
                case WorkHint(work):
                    ours.append(hint)
                    others += [] if self.wake_ups[work].has_waiter else [hint]
                case _:
                    assert_never(hint)
        return ours, others

    def demand(self, on_change: Callable[[], None]) -> Demand:
        """Return which hints of others would be come to soon, and call `on_change` once it differs.

        `on_change` must not wait. It may be called twice, and for no change.
        """
        deliveries = self.deliveries.has_room(DELIVERIES_LOW, on_change)
        requests = self.requests.demand(REQUESTS_LOW, on_change)
        return Demand(deliveries, requests.has_room, requests.without)

    def unsubscribe(self) -> None:
        """Forget the subscriber: it is called no more once this returns."""
        self.deliveries.unsubscribe()
        self.requests.unsubscribe()

    def left(self) -> list[Hint]:
        """Return the hints that nobody here has come to."""
        now = self._clock()
        return [
            *(DeliveryHint(it, now) for it in self.deliveries.left()),
            *(RequestHint(it, now, of) for it, of in self.requests.left()),
        ]

    def close(self) -> None:
        """Let every waiting thread go, but those that read deliveries: they are closed first."""
        self.requests.close()
        self.due_timer.close()
        for wake_up in self.wake_ups.values():
            wake_up.close()
