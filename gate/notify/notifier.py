"""Say what a channel does, and keep what its library raises from reaching anybody else.

A notifier names the failures it knows. Libraries raise others, by a password that is not ASCII, an
algorithm that the machine forbids, or a fault of their own; none of them may cost another channel
its turn, or the message its next try.
"""

from __future__ import annotations

from typing import Protocol

from gate.domain.model.alert import Alert, Channel
from gate.errors import OutcomeUnknown, Refused, RetryLater


class Notifier(Protocol):
    """A channel that is ready to be used, from any thread."""

    @property
    def channel(self) -> Channel:
        """Say which of a policy's channels this is."""
        ...

    def send(self, alert: Alert) -> None:
        """Send; raises RetryLater, OutcomeUnknown or Refused unless the alert was taken."""
        ...


class GuardedNotifier:
    """A notifier of which no failure is unnamed; may be used from any thread."""

    def __init__(self, notifier: Notifier) -> None:
        """Guard one channel."""
        self._notifier = notifier

    @property
    def channel(self) -> Channel:
        """Say which of a policy's channels this is."""
        return self._notifier.channel

    def send(self, alert: Alert) -> None:
        """Send; whatever else is raised leaves it open whether the alert has arrived."""
        try:
            self._notifier.send(alert)
        except (RetryLater, OutcomeUnknown, Refused):
            raise
        except Exception as error:  # noqa: BLE001  # libraries of four channels, each with its own
            # Not chained: its words may quote an address or a password.
            raise OutcomeUnknown("channel_failed", type(error).__name__) from None
