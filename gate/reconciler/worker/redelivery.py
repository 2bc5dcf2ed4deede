"""Ask GitHub again for the webhooks it could not deliver.

GitHub never redelivers by itself; it keeps a log of its attempts and delivers one again, under the
same delivery id, when it is asked to (docs: Handling failed webhook deliveries). It does so for
three days, and for as long each is asked for, though seldomer and seldomer: what kept it from
arriving may last that long. The log is read to its end once, and then only what is new in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Final

import msgspec

from gate.domain.model.github import HookDelivery
from gate.domain.model.ids import DeliveryId
from gate.errors import Refused
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.store.engine.database import Transaction
from gate.store.inbox import deliveries as inbox
from gate.store.inbox import redeliveries

WINDOW: Final = timedelta(days=3)
"""How long GitHub can deliver a webhook again (docs: Redelivering webhooks)."""

_LOOK_BACK: Final = timedelta(minutes=15)
"""How much of the log is read twice, since its lines may come late and out of order."""

_LINE_LATE: Final = timedelta(minutes=1)
"""How far apart GitHub's clock and ours may be when a reading is held against a lost delivery."""

_MOST_READ: Final = 10_000
_MOST_ASKED: Final = 100
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_DOUBLINGS: Final = 6
_MOST_TRIES: Final = 80
"""Enough for three days. Each try is a new line in the log, so that its time tells no end."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """How far the log was read, what is owed, and which losses were taken note of.

    `gap` is when the last of them happened: what was read before is trusted by no node.
    """

    read_to: datetime | None = None
    owed: tuple[HookDelivery, ...] = ()
    missed: frozenset[DeliveryId] = frozenset()
    gap: datetime | None = None


_remembered: Final = msgspec.json.Decoder(Remembered)


class Redeliverer:
    """Ask for lost deliveries, going on where the last round, of whichever node, has ended."""

    def __init__(self, deps: Deps) -> None:
        """Begin with all that GitHub can still deliver."""
        self._deps = deps
        self._recall(Remembered())

    def sweep(self, memory: bytes | None) -> tuple[int, bytes]:
        """Ask again for each delivery that failed and that we do not have; count them.

        A delivery that failed may have been stored all the same, when only our answer was lost.
        `memory` is what the last round returned beside its count.
        """
        self.resume(memory)
        count = self._sweep()
        owed, missed = tuple(self._owed.values()), self._missed
        return count, msgspec.json.encode(Remembered(self._read_to, owed, missed, self._gap))

    def resume(self, memory: bytes | None) -> None:
        """Go on from what a round has left; what it has lost is lost for this node, too."""
        known = _remembered.decode(memory) if memory is not None else Remembered()
        self._recall(known)
        if known.gap is not None:
            self._deps.continuity.record_gap(known.gap)

    def _recall(self, known: Remembered) -> None:
        self._read_to = known.read_to
        self._owed = {it.delivery_id: it for it in known.owed}
        self._missed = known.missed
        self._gap = known.gap

    def _sweep(self) -> int:
        now = self._deps.clock()
        recent = list(self._recent(self._read_to or now - WINDOW))
        self._owed = undelivered([*recent, *self._owed.values()])
        self._read_to = now - _LOOK_BACK
        due = self._worth_asking(now)
        self._record_gaps(now)
        return sum(self._ask(delivery, now) for delivery in due)

    def _record_gaps(self, now: datetime) -> None:
        """Distrust what was read before a delivery was lost, once for each.

        Here it shows whatever kept it from us, and nobody but GitHub can write into its log.
        """
        missed = frozenset(self._owed)
        for delivery_id in missed - self._missed:
            at = self._owed[delivery_id].delivered_at + _LINE_LATE
            gap = min(at, now)
            self._gap = gap if self._gap is None else max(self._gap, gap)
            self._deps.continuity.record_gap(gap)
        self._missed = missed

    def _ask(self, delivery: HookDelivery, now: datetime) -> bool:
        """Ask for one; when GitHub refuses, which counts as a try, the others are asked for."""
        known = {"delivery_id": delivery.delivery_id, "of": delivery.event}
        try:
            self._deps.github.app.send_redelivery(delivery.number)
        except Refused as error:
            log.warning("delivery.not_asked_again", **known, reason=error.reason)
            is_asked = False
        else:
            log.info("delivery.asked_again", **known)
            is_asked = True
        self._deps.database.transact(_asking(delivery.delivery_id, now))
        return is_asked

    def _recent(self, since: datetime) -> Iterable[HookDelivery]:
        for delivery in islice(self._deps.github.app.read_hook_deliveries(), _MOST_READ):
            if delivery.delivered_at < since:
                return
            yield delivery

    def _worth_asking(self, now: datetime) -> list[HookDelivery]:
        """List what is owed, oldest first, without what was asked for just now.

        Forgets what arrived all the same, what was asked for long enough and what is too old.
        """
        ids = list(self._owed)
        arrived, asked = self._deps.database.read(
            lambda snapshot: (
                inbox.known_deliveries(snapshot, ids),
                redeliveries.redeliveries_asked(snapshot, ids),
            )
        )

        def is_owed(delivery: HookDelivery) -> bool:
            count, _ = asked.get(delivery.delivery_id, (0, now))
            is_missing = delivery.delivery_id not in arrived
            return is_missing and count < _MOST_TRIES and delivery.delivered_at >= now - WINDOW

        def is_due(delivery: HookDelivery) -> bool:
            if delivery.delivery_id not in asked:
                return True
            count, last = asked[delivery.delivery_id]
            return now - last >= min(_FIRST_WAIT * (1 << min(count, _DOUBLINGS)), _LONGEST_WAIT)

        self._owed = {key: it for key, it in self._owed.items() if is_owed(it)}
        due = sorted(filter(is_due, self._owed.values()), key=attrgetter("delivered_at"))
        return due[:_MOST_ASKED]


def undelivered(deliveries: Iterable[HookDelivery]) -> dict[DeliveryId, HookDelivery]:
    """Return the newest attempt, first in the log, of each delivery that never succeeded."""
    newest: dict[DeliveryId, HookDelivery] = {}
    succeeded: set[DeliveryId] = set()
    for delivery in deliveries:
        newest.setdefault(delivery.delivery_id, delivery)
        if delivery.succeeded:
            succeeded.add(delivery.delivery_id)
    return {key: it for key, it in newest.items() if key not in succeeded}


def _asking(delivery_id: DeliveryId, now: datetime) -> Callable[[Transaction], None]:
    return lambda tx: redeliveries.record_redelivery(tx, delivery_id, now)
