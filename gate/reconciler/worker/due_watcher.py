"""Find what is due although no hint came: its time has come, or the hint was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Final, TypeVar
from zlib import crc32

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint, WorkHint
from gate.domain.model.ids import DeliveryId, NodeId
from gate.reconciler.deps import Deps
from gate.reconciler.worker.local_queues import Queues
from gate.store.inbox import deliveries
from gate.store.next_due import read_due_work
from gate.store.requests import requests
from gate.store.requests.requests import DueRequest

POLL: Final = timedelta(seconds=30)
"""How long a due row waits at most when its hint was lost with a process."""

SOON: Final = timedelta(seconds=1)
"""When to look again after something failed, or while more is due than one look finds."""

_HINTS: Final = 500

_PART: Final = 128
"""Hints that wait at most when one of several nodes queues more: others come to the rest."""

_SQLITE: Final = "sqlite"

T = TypeVar("T")


class DueWatcher:
    """Queue what is due, and set the timer to when the next row will be."""

    def __init__(self, deps: Deps, queues: Queues) -> None:
        """Prepare; nothing is read yet."""
        self._deps = deps
        self._queues = queues

    def look(self) -> None:
        """Look once over all tables."""
        now = self._deps.clock()
        work, due, unread = self._deps.database.read(
            lambda snapshot: (
                read_due_work(snapshot, now),
                requests.due_requests(snapshot, now, _HINTS),
                deliveries.rows.due(snapshot, now, _HINTS),
            )
        )
        asked = self._part(due, len(self._queues.requests), _of_request)
        unasked = self._part(unread, len(self._queues.deliveries), _of_delivery)
        hints: list[Hint] = [RequestHint(it.id, now, it.installation_id) for it in asked]
        hints += [DeliveryHint(it, now) for it in unasked]
        hints += [WorkHint(it, now) for it in work.due]
        self._queues.pass_on(hints)
        if work.next_due is not None:
            self._queues.due_timer.set(work.next_due)
        is_more = len(asked) < len(due) or len(unasked) < len(unread)
        if is_more or len(due) >= _HINTS or len(unread) >= _HINTS:
            self.look_soon()

    def look_soon(self) -> None:
        """Look again in a moment."""
        self._queues.due_timer.set(self._deps.clock() + SOON)

    def _part(
        self, due: list[T], waiting: int, name: Callable[[T], tuple[object, object]]
    ) -> list[T]:
        """Return what to queue of what is due: all, unless several nodes share it."""
        if self._deps.database.dialect == _SQLITE:
            return due
        return part_of(due, self._deps.node, max(0, _PART - waiting), name)


def part_of(
    due: Sequence[T], node: NodeId, most: int, name: Callable[[T], tuple[object, object]]
) -> list[T]:
    """Return up to `most` of what is due, in an order that is each node's own.

    Nodes that look at once would otherwise take the same rows one after the other, and all but one
    in vain. `name` returns whose each is, and what tells it from others: owners take turns.
    """
    mine = sorted(due, key=lambda it: crc32(f"{node}/{name(it)[1]}".encode()))
    seen = Counter[object]()
    turns: list[tuple[int, T]] = []
    for it in mine:
        owner, _ = name(it)
        turns.append((seen[owner], it))
        seen[owner] += 1
    turns.sort(key=itemgetter(0))
    return [it for _, it in turns[:most]]


def _of_request(due: DueRequest) -> tuple[object, object]:
    return due.installation_id, due.id


def _of_delivery(due: DeliveryId) -> tuple[object, object]:
    return None, due
