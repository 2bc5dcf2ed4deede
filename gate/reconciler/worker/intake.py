"""Read deliveries and make the passes over requests: the work that many threads share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gate.domain.model.ids import DeliveryId, RequestId
from gate.errors import GateError
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.ingest import Ingested, ingest, ingest_asking
from gate.reconciler.ingest.room import NO_ROOM, Room
from gate.reconciler.requests.reconcile import Begun, finish_pass, take_up
from gate.reconciler.worker.local_queues import Queues
from gate.reconciler.worker.loops import put_off, put_off_untaken
from gate.shield import Shield
from gate.store.engine.due import Taken
from gate.store.inbox import deliveries
from gate.store.requests import leases


class Intake:
    """Do what the queues hand out; safe to share between threads."""

    def __init__(self, deps: Deps, queues: Queues, shield: Shield) -> None:
        """Prepare; nothing is read yet."""
        self._deps = deps
        self._queues = queues
        self._shield = shield

    def read(self, ids: Sequence[DeliveryId], *, begin: Room) -> None:
        """Read deliveries together; when that fails, each alone, so that one harms no other.

        No pass is begun with them then, so that it fails in a thread of its own.
        """

        def each_alone(_error: Exception) -> None:
            for delivery_id in ids:
                alone = partial(self._ingest_all, [delivery_id], begin=NO_ROOM)
                self._shield.run(alone, partial(self._postpone_unread, delivery_id))

        self._shield.run(partial(self._ingest_all, ids, begin=begin), each_alone)

    def answer(self, item: Begun | RequestId | Taken) -> None:
        """Finish a pass, ask GitHub about a delivery, or make a whole pass over a request."""
        match item:
            case Begun():
                self._finish(item)
            case Taken():
                ask = partial(self._ingest_asking, item)
                self._shield.run(ask, partial(self._postpone_delivery, item))
            case request_id:
                begin = partial(self._begin, request_id)
                self._shield.run(begin, partial(self._postpone_request, request_id, None))

    def _begin(self, request_id: RequestId) -> None:
        """Make a whole pass."""
        begun = take_up(request_id, self._deps)
        if begun is not None:
            self._finish(begun)

    def _finish(self, begun: Begun) -> None:
        """Finish a pass that was begun; should it fail, only its own lease is given back."""
        request_id, token = begun.request_id, begun.lease.token

        def finish() -> None:
            finish_pass(begun, self._deps)

        self._shield.run(finish, partial(self._postpone_request, request_id, token))

    def _ingest_all(self, ids: Sequence[DeliveryId], *, begin: Room) -> None:
        """Read deliveries; those of busy installations afterwards, so that no other waits."""
        ingested = ingest(ids, self._deps, begin=begin, is_patient=False)
        self._go_on(ingested)
        if ingested.left:
            self._go_on(ingest(ingested.left, self._deps, begin=self._queues.requests.room()))

    def _ingest_asking(self, taken: Taken) -> None:
        self._go_on(ingest_asking(taken, self._deps))

    def _go_on(self, ingested: Ingested) -> None:
        for begun in ingested.begun:
            self._queues.requests.finish(begun)
        for taken in ingested.unsettled:
            self._queues.requests.put(taken)

    def _postpone_unread(self, delivery_id: DeliveryId, error: Exception) -> None:
        put_off_untaken(deliveries.rows, delivery_id, error, self._deps)

    def _postpone_delivery(self, taken: Taken, error: Exception) -> None:
        put_off(deliveries.rows, taken, error, self._deps)

    def _postpone_request(self, request_id: RequestId, token: int | None, error: Exception) -> None:
        """Come back to a request later; a request is never given up because of a fault of ours."""
        known = error if isinstance(error, GateError) else None
        now = self._deps.clock()
        self._deps.database.transact(
            lambda tx: leases.record_failure(
                tx,
                request_id,
                token,
                now,
                lambda failures: now + backoff(failures, known, spread=request_id),
            )
        )
