"""Outlive every fault: the one broad `except` of the service. It never answers GitHub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Final

from gate.errors import RetryLater, reason_of
from gate.log import get_logger

_DATABASE_PAUSE: Final = timedelta(seconds=1)

log = get_logger(__name__)


def nothing(_error: Exception) -> None:
    """Postpone nothing: the work is found again by itself."""


class Shield:
    """Run work of which no error may end a thread; safe to share between threads.

    `on_fault` hears of each error that nobody expected, after it was logged.
    """

    def __init__(self, stopping: Event, on_fault: Callable[[Exception], None] = nothing) -> None:
        """Shield until `stopping` is set: then a broken database is not waited for."""
        self._stopping = stopping
        self._on_fault = on_fault

    def run(
        self, work: Callable[[], None], postpone: Callable[[Exception], None] = nothing
    ) -> None:
        """Do `work`; when it fails log why, and `postpone` it."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the one place that outlives every fault
            expected = isinstance(error, RetryLater)
            write = log.warning if expected else log.exception
            write("worker.postponed", reason=reason_of(error))
            if not expected:
                self._on_fault(error)
            self._postpone(error, postpone)

    def _postpone(self, error: Exception, postpone: Callable[[Exception], None]) -> None:
        try:
            postpone(error)
        except Exception as failed:
            log.exception("worker.postponing_failed")
            self._on_fault(failed)
            self._stopping.wait(_DATABASE_PAUSE.total_seconds())
