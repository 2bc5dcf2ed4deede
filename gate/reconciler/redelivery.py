"""Ask GitHub again for the webhooks it could not deliver.

GitHub never redelivers by itself; it keeps a log of its attempts and delivers one again, under the
same delivery id, when it is asked to (docs: Handling failed webhook deliveries).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from gate.domain.github import HookDelivery
from gate.domain.ids import DeliveryId
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.store import inbox, redeliveries
from gate.store.database import Transaction

WINDOW: Final = timedelta(days=3)
"""How long GitHub can deliver a webhook again (docs: Redelivering webhooks)."""

_LOOK_BACK: Final = timedelta(minutes=15)
_MOST_READ: Final = 5_000
_MOST_ASKED: Final = 100
_MOST_TRIES: Final = 5
_FIRST_WAIT: Final = timedelta(minutes=1)

log = get_logger(__name__)


class Redeliverer:
    """Remember how far back the delivery log was read; used by one thread."""

    def __init__(self, deps: Deps) -> None:
        """Begin with all that GitHub can still deliver."""
        self._deps = deps
        self._read_to: datetime | None = None

    def sweep(self) -> int:
        """Ask again for each delivery that failed and that we do not have; count them.

        A delivery that failed may have been stored all the same, when only our answer was lost.
        """
        now = self._deps.clock()
        failed = undelivered(self._recent(self._read_to or now - WINDOW))
        due = self._worth_asking(failed, now)
        for delivery in due:
            self._deps.github.send_redelivery(delivery.number)
            self._deps.database.transact(_asking(delivery.delivery_id, now))
            log.info("delivery.asked_again", delivery_id=delivery.delivery_id, of=delivery.event)
        self._read_to = now - _LOOK_BACK
        return len(due)

    def _recent(self, since: datetime) -> Iterable[HookDelivery]:
        for delivery in islice(self._deps.github.read_hook_deliveries(), _MOST_READ):
            if delivery.delivered_at < since:
                return
            yield delivery

    def _worth_asking(
        self, failed: dict[DeliveryId, HookDelivery], now: datetime
    ) -> list[HookDelivery]:
        """Leave out what arrived all the same, and what was asked for often or just now."""
        ids = list(failed)
        arrived, asked = self._deps.database.read(
            lambda snapshot: (
                inbox.known_deliveries(snapshot, ids),
                redeliveries.redeliveries_asked(snapshot, ids),
            )
        )

        def is_due(delivery_id: DeliveryId) -> bool:
            if delivery_id not in asked:
                return True
            count, last = asked[delivery_id]
            return count < _MOST_TRIES and now - last >= _FIRST_WAIT * 2**count

        due = [it for key, it in failed.items() if key not in arrived and is_due(key)]
        return due[:_MOST_ASKED]


def undelivered(deliveries: Iterable[HookDelivery]) -> dict[DeliveryId, HookDelivery]:
    """Keep the newest attempt, first in the log, of each delivery that never succeeded."""
    newest: dict[DeliveryId, HookDelivery] = {}
    succeeded: set[DeliveryId] = set()
    for delivery in deliveries:
        newest.setdefault(delivery.delivery_id, delivery)
        if delivery.succeeded:
            succeeded.add(delivery.delivery_id)
    return {key: it for key, it in newest.items() if key not in succeeded}


def _asking(delivery_id: DeliveryId, now: datetime) -> Callable[[Transaction], None]:
    return lambda tx: redeliveries.record_redelivery(tx, delivery_id, now)
