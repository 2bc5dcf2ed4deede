"""Keep what is to be sent to each channel, until it has been, or is no news any more.

A channel has rows of its own, so that one that is down holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, select, true, update

from gate.domain.model.alert import Alert, AlertKind, Channel
from gate.domain.model.ids import RepositoryId
from gate.store.engine.codec import encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.prepared import Prepared
from gate.store.engine.tables import alerts
from gate.store.engine.upsert import insert_or_ignore

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
    """A message that a channel has not taken yet, and how often it was tried.

    `outcome` is what came of the last try; `maybe_sent` says that one of them may have arrived.
    """

    alert: Alert
    channel: Channel
    attempts: int
    due_at: datetime
    outcome: str | None
    maybe_sent: bool


_insert: Final = insert_or_ignore(alerts)
_due: Final = Prepared(
    select(_t.incident)
    .where(_t.due_at.is_not(None), _t.due_at <= bindparam("now"), _t.channel == bindparam("to"))
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)
_owed: Final = Prepared(
    select(_t.value, _t.channel, _t.attempts, _t.due_at, _t.outcome, _t.maybe_sent)
    .where(
        _t.incident == bindparam("about"),
        _t.channel == bindparam("to"),
        _t.due_at.is_not(None),
    )
    .order_by(_t.planned_at, _t.alert_key)
)
_last: Final = Prepared(
    select(_t.alert_key, _t.kind)
    .where(_t.incident == bindparam("about"))
    .order_by(_t.planned_at.desc(), _t.alert_key.desc())
    .limit(1)
)
_attempted: Final = update(alerts).where(
    _t.alert_key == bindparam("own"), _t.channel == bindparam("to")
)
_take: Final = Prepared(
    _attempted.where(_t.due_at == bindparam("seen")).values(
        # Should the process die in the middle of it, nobody knows whether it was sent.
        attempts=_t.attempts + 1,
        due_at=bindparam("new_due_at"),
        maybe_sent=true(),
    )
)
_finish: Final = Prepared(
    _attempted.values(
        state=bindparam("new_state"),
        due_at=None,
        outcome=bindparam("new_outcome"),
        settled_at=bindparam("now"),
    )
)
_postpone: Final = Prepared(
    _attempted.values(
        due_at=bindparam("new_due_at"),
        outcome=bindparam("new_outcome"),
        maybe_sent=bindparam("new_maybe_sent"),
    )
)
_wait: Final = Prepared(_attempted.values(due_at=bindparam("new_due_at")))


def owe_alert(
    tx: Transaction,
    alert: Alert,
    channels: Sequence[Channel],
    repository_id: RepositoryId,
) -> bool:
    """Owe a message to some channels; one that is owed or was sent already is not owed again.

    Says whether it is owed to any of them for the first time.
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
            "attempts": 0,
            "due_at": alert.timestamp,
            "outcome": None,
            "maybe_sent": False,
            "settled_at": None,
            "value": encode(alert),
        }
        is_new = _insert.change(tx, values) == 1 or is_new
    return is_new


def last_said(snapshot: Snapshot, incident: str) -> tuple[str, AlertKind] | None:
    """Give key and kind of what was owed last in a thread; None where nothing ever was."""
    row = _last.first(snapshot, {"about": incident})
    return (row.alert_key, AlertKind(row.kind)) if row is not None else None


def due_incidents(snapshot: Snapshot, channel: Channel, now: datetime, limit: int) -> list[str]:
    """Name the incidents about which a channel is owed something now, each once."""
    rows = _due.rows(snapshot, {"to": channel.value, "now": now, "most": limit})
    return list(dict.fromkeys(row.incident for row in rows))


def owed_alerts(snapshot: Snapshot, channel: Channel, incident: str) -> list[OwedAlert]:
    """Read all that a channel is owed about an incident, oldest first."""
    rows = _owed.rows(snapshot, {"to": channel.value, "about": incident})
    return [_owed_alert(row) for row in rows]


def take_alerts(tx: Transaction, owed: OwedAlert, others: Sequence[str], until: datetime) -> bool:
    """Begin a try of one message that stands for `others`, too, unless another node has.

    Should it never end, all of them are due again then.
    """
    values = {
        "own": owed.alert.key,
        "to": owed.channel.value,
        "seen": owed.due_at,
        "new_due_at": until,
    }
    if _take.change(tx, values) == 0:
        return False
    for key in others:
        put_off_alert(tx, key, owed.channel, until)
    return True


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
    values = {
        "own": key,
        "to": channel.value,
        "new_state": state.value,
        "new_outcome": outcome,
        "now": now,
    }
    _finish.change(tx, values)


def postpone_alert(
    tx: Transaction,
    key: str,
    channel: Channel,
    *,
    outcome: str,
    maybe_sent: bool,
    due_at: datetime,
) -> None:
    """Record that a channel did not confirm a message, and when it is tried again."""
    values = {
        "own": key,
        "to": channel.value,
        "new_due_at": due_at,
        "new_outcome": outcome,
        "new_maybe_sent": maybe_sent,
    }
    _postpone.change(tx, values)


def put_off_alert(tx: Transaction, key: str, channel: Channel, due_at: datetime) -> None:
    """Let a message wait that another one stands for."""
    _wait.change(tx, {"own": key, "to": channel.value, "new_due_at": due_at})


def _owed_alert(row: Row[Any]) -> OwedAlert:
    return OwedAlert(
        _alert.decode(row.value),
        Channel(row.channel),
        row.attempts,
        row.due_at,
        row.outcome,
        row.maybe_sent,
    )
