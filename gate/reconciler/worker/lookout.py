"""Find what is due although no hint came: its time has come, or the hint was lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint, WorkHint
from gate.reconciler.deps import Deps
from gate.reconciler.worker.local_queues import Queues
from gate.store.inbox import deliveries
from gate.store.next_due import read_due_work
from gate.store.requests import requests

POLL: Final = timedelta(seconds=30)
"""How long a due row waits at most when its hint was lost with a process."""

SOON: Final = timedelta(seconds=1)
"""When to look again after something failed, or while more is due than one look finds."""

_HINTS: Final = 500


class Lookout:
    """Queue what is due, and set the alarm to when the next row will be."""

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
        hints: list[Hint] = [RequestHint(it.id, now, it.installation_id) for it in due]
        hints += [DeliveryHint(it, now) for it in unread]
        hints += [WorkHint(it, now) for it in work.due]
        self._queues.pass_on(hints)
        if work.next_due is not None:
            self._queues.alarm.set(work.next_due)
        if len(due) >= _HINTS or len(unread) >= _HINTS:
            self.look_soon()

    def look_soon(self) -> None:
        """Look again in a moment."""
        self._queues.alarm.set(self._deps.clock() + SOON)
