"""Define what a channel does, and contain the exceptions of its library.

A notifier maps the failures that it knows. Libraries raise others, for a password that is not
ASCII, an algorithm that the machine forbids, or a bug of their own. None of them may affect another
channel, or the next attempt to send the message.
"""

from __future__ import annotations

from typing import Protocol

from gate.domain.model.alert import Alert, Channel
from gate.errors import OutcomeUnknown, Refused, RetryLater


class Notifier(Protocol):
    """A channel that is ready to use, from any thread."""

    @property
    def channel(self) -> Channel:
        """Return which of a policy's channels this is."""
        ...

    def send(self, alert: Alert) -> None:
        """Send; raises RetryLater, OutcomeUnknown or Refused unless the alert was accepted."""
        ...


class GuardedNotifier:
    """A notifier that maps every failure; may be used from any thread."""

    def __init__(self, notifier: Notifier) -> None:
        """Wrap one channel."""
        self._notifier = notifier

    @property
    def channel(self) -> Channel:
        """Return which of a policy's channels this is."""
        return self._notifier.channel

    def send(self, alert: Alert) -> None:
        """Send; after any other exception it is unknown whether the alert arrived."""
        try:
            self._notifier.send(alert)
        except (RetryLater, OutcomeUnknown, Refused):
            raise
        except Exception as error:  # noqa: BLE001  # libraries of four channels, each with its own
            # Not chained: its text may quote a URL or a password.
            raise OutcomeUnknown("channel_failed", type(error).__name__) from None
