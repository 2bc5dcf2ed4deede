"""Store what is to be sent to each channel, until it has been, or is no news any more.

A channel has rows of its own, so that one that is down holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Update, bindparam, select, update

from gate.domain.model.alert import Alert, AlertKind, Channel
from gate.domain.model.hints import Work
from gate.domain.model.ids import NodeId, RepositoryId
from gate.store.engine.codec import encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import FRESH, DueTable, Taken
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.incidents import alerts

_t: Final = alerts.c
_alert: Final = msgspec.json.Decoder(Alert)


class AlertState(StrEnum):
    """Where a message to a channel stands; `owed` ones are tried until they are settled."""

    OWED = "owed"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class OwedAlert:
    """A message that a channel has not taken yet, how often it was tried, and when it is due.

    `outcome` is what came of the last try; `maybe_sent` says that one of them may have arrived.
    """

    alert: Alert
    channel: Channel
    attempts: int
    due_at: datetime
    outcome: str | None
    maybe_sent: bool


_insert: Final = insert_or_ignore(alerts)
rows: Final = DueTable(alerts, Work.ALERTS, key=("incident",))
_owed: Final = (
    select(
        _t.value,
        _t.channel,
        _t.attempts,
        _t.due_at,
        _t.lease_until,
        _t.outcome,
        _t.maybe_sent,
    )
    .where(
        _t.incident == bindparam("about"),
        _t.channel == bindparam("to"),
        _t.due_at.is_not(None),
    )
    .order_by(_t.planned_at, _t.alert_key)
)
_last: Final = (
    select(_t.alert_key, _t.kind)
    .where(_t.incident == bindparam("about"))
    .order_by(_t.planned_at.desc(), _t.alert_key.desc())
    .limit(1)
)


def owe_alert(
    tx: Transaction,
    alert: Alert,
    channels: Sequence[Channel],
    repository_id: RepositoryId,
) -> bool:
    """Owe a message to some channels; one that is owed or was sent already is not owed again.

    Returns whether it is owed to any of them for the first time.
    """
    is_new = False
    for channel in channels:
        values = {
            "alert_key": alert.key,
            "channel": channel.value,
            "incident": alert.incident,
            "repository_id": repository_id,
            "kind": alert.kind.value,
            "planned_at": alert.timestamp,
            "state": AlertState.OWED.value,
            "due_at": alert.timestamp,
            "outcome": None,
            "maybe_sent": False,
            "settled_at": None,
            "value": encode(alert),
            **FRESH,
        }
        is_new = _insert.change(tx, values) == 1 or is_new
    if is_new:
        rows.note_due(tx, alert.incident, alert.timestamp)
    return is_new


def last_announced(snapshot: Snapshot, incident: str) -> tuple[str, AlertKind] | None:
    """Return key and kind of what was owed last in a thread; None where nothing ever was."""
    row = snapshot.execute(_last, {"about": incident}).first()
    return (row.alert_key, AlertKind(row.kind)) if row is not None else None


def due_incidents(snapshot: Snapshot, channel: Channel, now: datetime, limit: int) -> list[str]:
    """Name the incidents about which a channel is owed something now, each once."""
    due = rows.due(snapshot, now, limit, _t.channel == channel.value)
    return list(dict.fromkeys(due))


def owed_alerts(snapshot: Snapshot, channel: Channel, incident: str) -> list[OwedAlert]:
    """Read all that a channel is owed about an incident, oldest first."""
    owed = snapshot.execute(_owed, {"to": channel.value, "about": incident}).all()
    return [_owed_alert(row) for row in owed]


def take_alerts(
    tx: Transaction,
    owed: OwedAlert,
    others: Sequence[str],
    now: datetime,
    until: datetime,
    *,
    by: NodeId,
) -> Taken | None:
    """Begin a node's try of one message that stands for `others`, too; None when another has.

    Should it never end, all of them are due again then, and the message may have been sent.
    """
    key = (owed.alert.key, owed.channel.value)
    taken = rows.take(tx, key, now, until, by=by, maybe_sent=True)
    if taken is not None:
        for other in others:
            put_off_alert(tx, other, owed.channel, until)
    return taken


def finish_alert(
    tx: Transaction,
    key: str,
    channel: Channel,
    *,
    state: AlertState,
    outcome: str,
    now: datetime,
) -> None:
    """Record what became of a message; it is not tried again."""
    tx.execute(
        _own(key, channel).values(
            state=state.value,
            due_at=None,
            lease_until=None,
            lease_owner=None,
            outcome=outcome,
            settled_at=now,
        )
    )


def put_off_alert(tx: Transaction, key: str, channel: Channel, due_at: datetime) -> None:
    """Let a message wait that another one stands for."""
    tx.execute(_own(key, channel).values(due_at=due_at))
    rows.note_due(tx, key, due_at)


def _own(key: str, channel: Channel) -> Update:
    # What is settled stays as it is.
    return update(alerts).where(
        _t.alert_key == key, _t.channel == channel.value, _t.due_at.is_not(None)
    )


def _owed_alert(row: Any) -> OwedAlert:  # noqa: ANN401 - a row of any select
    return OwedAlert(
        _alert.decode(row.value),
        Channel(row.channel),
        row.attempts,
        max(row.due_at, row.lease_until or row.due_at),
        row.outcome,
        row.maybe_sent,
    )
