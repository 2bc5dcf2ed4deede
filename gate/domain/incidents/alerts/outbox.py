"""Choose which message a channel gets after an outage, and how long messages are retried.

Pure. A channel may be down for hours during an incident. It then gets one message with the current
state, not every message that was planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.alert import Alert, AlertKind, Severity

TRIED_FOR: Final = timedelta(hours=24)
"""How long a message is retried; after that it is outdated, and its loss is recorded."""

_FIRST_REPEAT: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_CALLS_SOMEBODY: Final = frozenset({AlertKind.PAGE, AlertKind.ESCALATION})


@dataclass(frozen=True, slots=True)
class Delivery:
    """The message to send to a channel about one incident, and the messages that it replaces."""

    alert: Alert
    superseded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that a channel has not accepted yet; the next attempt is due at `due_at`."""

    alert: Alert
    due_at: datetime


def choose_delivery(owed: Sequence[Owed], now: datetime) -> Delivery | None:
    """Return what to send a channel at `now`, out of what it is owed about one incident.

    `owed` is sorted from old to new. A bypass is sent separately, so that it neither delays other
    messages nor waits for them. The other messages become one, which is due when the newest is.
    """
    for it in owed:
        if it.alert.kind is AlertKind.BYPASS and it.due_at <= now:
            return Delivery(it.alert, ())
    others = [it for it in owed if it.alert.kind is not AlertKind.BYPASS]
    if not others or others[-1].due_at > now:
        return None
    return coalesce([it.alert for it in others])


def coalesce(owed: Sequence[Alert]) -> Delivery:
    """Return the one message that replaces all of `owed`, sorted from old to new and not empty.

    The newest one has the current state. It takes over the severity of a critical one that was
    never sent, unless the incident is resolved.
    """
    newest, older = owed[-1], owed[:-1]
    superseded = tuple(alert.key for alert in older)
    loud = next((alert for alert in older if alert.severity is Severity.CRITICAL), None)
    if loud is None or newest.kind is AlertKind.RECOVERY:
        return Delivery(newest, superseded)
    return Delivery(replace(newest, severity=loud.severity, mention=loud.mention), superseded)


def is_answered(alert: Alert, *, is_acknowledged: bool) -> bool:
    """Return whether an acknowledgment has made a message that calls people obsolete."""
    return is_acknowledged and alert.kind in _CALLS_SOMEBODY


def is_expired(alert: Alert, now: datetime) -> bool:
    """Return whether a message has been retried for long enough."""
    return now - alert.timestamp >= TRIED_FOR


def pause_before_repeat(tries: int) -> timedelta:
    """Return how long to wait before repeating a message that may have arrived.

    The pause doubles from 15 seconds to half an hour: a receiver that accepts each attempt and then
    fails gets about fifty a day, and one that was down gets the message soon after it is back.
    """
    return min(_LONGEST_PAUSE, _FIRST_REPEAT * (1 << min(tries - 1, 16)))
