"""What a channel's library raises reaches nobody else."""

from __future__ import annotations

import pytest

from gate.domain.model.alert import Alert, Channel
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.notify.notifier import GuardedNotifier
from tests.support.alerts import make_alert


class Library:
    """A channel whose library raises something."""

    channel = Channel.NOTIFY

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def send(self, alert: Alert) -> None:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        UnicodeEncodeError("ascii", "pässword", 1, 2, "ordinal not in range"),
        ValueError("[digital envelope routines] unsupported"),
        RuntimeError("https://hooks.example/s3cret"),
        MemoryError(),
        RecursionError(),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_error_of_a_library_is_named_and_not_quoted(error: Exception) -> None:
    """The message is tried again, and no secret gets into the log."""
    with pytest.raises(OutcomeUnknown) as caught:
        GuardedNotifier(Library(error)).send(make_alert())
    assert (caught.value.reason, caught.value.detail) == ("channel_failed", type(error).__name__)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "error", [RetryLater("rate_limited"), Refused("alert_refused"), OutcomeUnknown("x")]
)
def test_an_error_that_has_a_name_keeps_it(error: GateError) -> None:
    """What the notifier knows of its channel is not lost."""
    with pytest.raises(type(error)) as caught:
        GuardedNotifier(Library(error)).send(make_alert())
    assert caught.value is error


def test_the_end_of_the_process_is_no_failure_of_a_channel() -> None:
    """It goes through."""
    with pytest.raises(KeyboardInterrupt):
        GuardedNotifier(Library(KeyboardInterrupt())).send(make_alert())
