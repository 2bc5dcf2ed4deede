"""Choose what a channel that was away is told when it is back, and how long it is tried.

Pure. A channel may be down for hours while an incident goes on. It is told once how things stand,
not everything that was ever planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.alert import Alert, AlertKind, Severity

TRIED_FOR: Final = timedelta(hours=24)
"""How long a message is tried; after that it is news no more, and its loss is put on record."""

_FIRST_REPEAT: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_CALLS_SOMEBODY: Final = frozenset({AlertKind.PAGE, AlertKind.ESCALATION})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to send to a channel about one incident, and which messages it makes superfluous."""

    alert: Alert
    superseded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that a channel has not taken yet; it may be tried from `due_at` on."""

    alert: Alert
    due_at: datetime


def choose_delivery(owed: Sequence[Owed], now: datetime) -> Delivery | None:
    """Choose what a channel is told at `now` of what it is owed about one incident, oldest first.

    A bypass is told by itself, so one that must wait holds up nothing else, and the other way
    round. The rest is one message, and waits until its newest part may be tried.
    """
    for it in owed:
        if it.alert.kind is AlertKind.BYPASS and it.due_at <= now:
            return Delivery(it.alert, ())
    others = [it for it in owed if it.alert.kind is not AlertKind.BYPASS]
    if not others or others[-1].due_at > now:
        return None
    return coalesce([it.alert for it in others])


def coalesce(owed: Sequence[Alert]) -> Delivery:
    """Give the one message that says all of `owed`, oldest first, of which there is at least one.

    The newest one says how things stand. If a louder one was never told and it is not over, the
    newest is as loud.
    """
    newest, older = owed[-1], owed[:-1]
    superseded = tuple(alert.key for alert in older)
    loud = next((alert for alert in older if alert.severity is Severity.CRITICAL), None)
    if loud is None or newest.kind is AlertKind.RECOVERY:
        return Delivery(newest, superseded)
    return Delivery(replace(newest, severity=loud.severity, mention=loud.mention), superseded)


def is_answered(alert: Alert, *, is_acknowledged: bool) -> bool:
    """Say whether a message that calls somebody is needed no more, because somebody came."""
    return is_acknowledged and alert.kind in _CALLS_SOMEBODY


def is_expired(alert: Alert, now: datetime) -> bool:
    """Say whether a message has been tried for as long as it is worth."""
    return now - alert.timestamp >= TRIED_FOR


def pause_before_repeat(tries: int) -> timedelta:
    """Return how long to wait before a message is repeated that may have arrived.

    It doubles from a quarter of a minute to half an hour: a receiver that takes each one and fails
    afterwards gets some fifty in a day, and one that takes none is found soon after it is back.
    """
    return min(_LONGEST_PAUSE, _FIRST_REPEAT * (1 << min(tries - 1, 16)))
