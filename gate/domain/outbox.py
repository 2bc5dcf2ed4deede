"""Choose what a channel that was away is told when it is back.

Pure. A channel may be down for hours while an incident goes on. It is told once how things stand,
not everything that was ever planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.domain.alert import Alert, AlertKind, Severity


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to send to a channel about one incident, and which messages it makes superfluous."""

    alert: Alert
    superseded: tuple[str, ...]


def coalesce(owed: Sequence[Alert]) -> Delivery | None:
    """Give the one message that says all of `owed`, which is of one incident and oldest first.

    The newest one says how things stand. If a louder one was never told and it is not over, the
    newest is as loud. A bypass is told by itself, whatever else there is. None when nothing is
    owed.
    """
    if not owed:
        return None
    alone = next((alert for alert in owed if alert.kind is AlertKind.BYPASS), None)
    if alone is not None:
        return Delivery(alone, ())
    newest, older = owed[-1], owed[:-1]
    superseded = tuple(alert.key for alert in older)
    loud = next((alert for alert in older if alert.severity is Severity.CRITICAL), None)
    if loud is None or newest.kind is AlertKind.RECOVERY:
        return Delivery(newest, superseded)
    return Delivery(replace(newest, severity=loud.severity, mention=loud.mention), superseded)
