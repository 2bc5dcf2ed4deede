"""Carry hints between threads of one process.

The queue only saves waiting: every hint stands for a row that is due, and the worker polls those.
So it may drop hints when it is full, and forgets all of them when the process ends.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Condition
from typing import Final

from gate.domain.ids import DeliveryId, RequestId

_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class DeliveryHint:
    """A stored delivery waits to be read."""

    id: DeliveryId


@dataclass(frozen=True, slots=True)
class RequestHint:
    """A request is due for a look."""

    id: RequestId


Hint = DeliveryHint | RequestHint


class LocalWakeups:
    """A bounded queue in which each hint stands at most once; thread-safe.

    Requests go before deliveries: an answer that is owed is worth more than a new fact.
    """

    def __init__(self) -> None:
        """Begin empty and open."""
        self._ready = Condition()
        self._requests: OrderedDict[RequestHint, None] = OrderedDict()
        self._deliveries: OrderedDict[DeliveryHint, None] = OrderedDict()
        self._closed = False

    def wake_delivery(self, delivery_id: DeliveryId) -> None:
        """Hint that a stored delivery waits to be read."""
        with self._ready:
            if len(self._deliveries) < _LONGEST:
                self._deliveries[DeliveryHint(delivery_id)] = None
                self._ready.notify()

    def wake_request(self, request_id: RequestId) -> None:
        """Hint that a request is due for a look."""
        with self._ready:
            if len(self._requests) < _LONGEST:
                self._requests[RequestHint(request_id)] = None
                self._ready.notify()

    def take(self) -> Hint | None:
        """Wait for the next hint; None once the queue is closed."""
        with self._ready:
            while not (self._requests or self._deliveries or self._closed):
                self._ready.wait()
            if self._closed:
                return None
            if self._requests:
                return self._requests.popitem(last=False)[0]
            return self._deliveries.popitem(last=False)[0]

    def close(self) -> None:
        """Let every waiting worker go; what is still queued stays due in the database."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def __len__(self) -> int:
        """Count the hints that wait."""
        with self._ready:
            return len(self._requests) + len(self._deliveries)
