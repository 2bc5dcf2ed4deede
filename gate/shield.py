"""Outlive every fault: the one broad `except` of all threads that work. It never answers GitHub."""

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

    `on_failure` hears of each error, after it was logged and the work was postponed.
    """

    def __init__(self, stopping: Event, on_failure: Callable[[Exception], None] = nothing) -> None:
        """Shield until `stopping` is set: then a broken database is not waited for."""
        self._stopping = stopping
        self._on_failure = on_failure

    def run(
        self, work: Callable[[], None], postpone: Callable[[Exception], None] = nothing
    ) -> None:
        """Do `work`; when it fails log why, and `postpone` it."""
        error = _attempt(work)
        if error is None:
            return
        write = log.warning if isinstance(error, RetryLater) else log.error
        trace = None if isinstance(error, RetryLater) else error
        write("worker.postponed", reason=reason_of(error), exc_info=trace)
        failed = _attempt(lambda: postpone(error))
        if failed is not None:
            log.error("worker.postponing_failed", exc_info=failed)
            self._on_failure(failed)
            self._stopping.wait(_DATABASE_PAUSE.total_seconds())
        self._on_failure(error)


def _attempt(work: Callable[[], None]) -> Exception | None:
    """Do `work`; return the error that it raised."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the one place that outlives every fault
        return error
    return None
