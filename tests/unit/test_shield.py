"""No error of any work ends a thread; what failed is come back to, or at least logged."""

from __future__ import annotations

from threading import Event

import pytest
from structlog.testing import capture_logs

from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.shield import Shield


def shielded(error: Exception, postponing: Exception | None = None) -> tuple[list[Exception], ...]:
    """Run work that fails behind a shield; return what was postponed, and what was told."""
    postponed: list[Exception] = []
    told: list[Exception] = []
    stopping = Event()
    stopping.set()

    def work() -> None:
        raise error

    def postpone(it: Exception) -> None:
        postponed.append(it)
        if postponing is not None:
            raise postponing

    Shield(stopping, told.append).run(work, postpone)
    return postponed, told


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("x"), "bug"),
        (KeyError("x"), "bug"),
        (AssertionError(), "bug"),
        (RecursionError(), "bug"),
        (MemoryError(), "bug"),
        (OSError("x"), "bug"),
        (StopIteration(), "bug"),
        (Refused("permission_missing", "x"), "permission_missing"),
        (OutcomeUnknown("outcome_unknown", "x"), "outcome_unknown"),
    ],
)
def test_whatever_is_raised_is_a_fault_and_is_postponed(error: Exception, reason: str) -> None:
    """It is logged with its slug or as a bug, told, and the work comes back."""
    with capture_logs() as logs:
        postponed, told = shielded(error)
    assert postponed == told == [error]
    assert [(it["event"], it["reason"], it["log_level"]) for it in logs] == [
        ("worker.postponed", reason, "error")
    ]


def test_what_only_has_to_wait_is_a_warning() -> None:
    """A database that is busy is not a bug, but whoever looks for lost work hears of it."""
    error = RetryLater("database_busy", "locked")
    with capture_logs() as logs:
        postponed, told = shielded(error)
    assert postponed == told == [error]
    assert [(it["event"], it["log_level"]) for it in logs] == [("worker.postponed", "warning")]


def test_a_postponing_that_fails_ends_nothing() -> None:
    """Both errors are logged; the row is due again when its lease ends."""
    first, second = RetryLater("database_busy", "locked"), ValueError("y")
    with capture_logs() as logs:
        _, told = shielded(first, second)
    assert told == [second, first]
    assert [it["event"] for it in logs] == ["worker.postponed", "worker.postponing_failed"]


def test_the_end_of_the_process_is_not_held_up() -> None:
    """What is no Exception passes."""
    with pytest.raises(KeyboardInterrupt):
        Shield(Event()).run(interrupt)


def interrupt() -> None:
    """Stand for a signal."""
    raise KeyboardInterrupt
