"""Choose what a channel that was away is told when it is back.

Pure. A channel may be down for hours while an incident goes on. It is told once how things stand,
not everything that was ever planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gate.domain.alert import Alert, AlertKind, Severity


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
