"""State what the reconciler needs from a channel of alerts; `gate.notify` fulfills it."""

from __future__ import annotations

from typing import Protocol

from gate.domain.model.alert import Alert, Channel


class Notifier(Protocol):
    """A channel that brings alerts to people; may be used from any thread."""

    @property
    def channel(self) -> Channel:
        """Return which of a policy's channels this is."""
        ...

    def send(self, alert: Alert) -> None:
        """Send; raises RetryLater, OutcomeUnknown or Refused unless the alert was taken."""
        ...
