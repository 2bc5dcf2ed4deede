"""The numbers of a scrape are those of what is open, owed and recent, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gate.domain.incidents.events import IncidentEvent, Opened, Resolution, Resolved
from gate.domain.incidents.incident import GATE
from gate.domain.model.alert import Alert, Channel
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database
from gate.store.incidents.alerts import AlertState, finish_alert, owe_alert
from gate.store.incidents.incidents import record_events, record_opening
from gate.store.statistics.gauges import (
    RECENT,
    Backlog,
    read_open_incidents,
    read_outbox,
    read_recent_alerts,
)
from tests.support.alerts import make_alert
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.incidents import PLACE, make_failure


def owe(database: Database, key: str, *channels: Channel, at: datetime = NOW) -> Alert:
    """Owe a message to some channels."""
    alert = replace(make_alert(), key=key, timestamp=at)
    database.transact(lambda tx: owe_alert(tx, alert, channels, RepositoryId(1)))
    return alert


def finish(database: Database, alert: Alert, channel: Channel, state: AlertState) -> None:
    """Settle a message."""
    database.transact(
        lambda tx: finish_alert(tx, alert.key, channel, state=state, outcome="", now=NOW)
    )


def test_nothing_is_counted_where_there_is_nothing(database: Database) -> None:
    """There is no oldest of nothing."""
    assert database.read(read_open_incidents) == Backlog(0, None)
    assert database.read(read_outbox) == {}
    assert database.read(lambda it: read_recent_alerts(it, NOW)) == {}


def test_open_incidents_are_counted(database: Database) -> None:
    """One that is over is not, and it is not the oldest."""
    what = Opened(make_failure())

    def open_at(tx: Any, at: datetime) -> Any:
        return record_opening(tx, PLACE, IncidentEvent(at, GATE, what), what)

    over = database.transact(lambda tx: open_at(tx, before(days=2)))
    for hours in (1, 3):
        database.transact(lambda tx, hours=hours: open_at(tx, before(hours=hours)))  # type: ignore[misc]
    green = IncidentEvent(NOW, GATE, Resolved(Resolution.VALIDATION_PASSED, ""))
    database.transact(lambda tx: record_events(tx, over, [green]))
    assert database.read(read_open_incidents) == Backlog(2, before(hours=3))


def test_each_channel_has_its_own_outbox(database: Database) -> None:
    """A channel that took everything is owed nothing."""
    first = owe(database, "a", Channel.SLACK, Channel.EMAIL, at=before(minutes=9))
    owe(database, "b", Channel.SLACK)
    finish(database, first, Channel.EMAIL, AlertState.SENT)
    assert database.read(read_outbox) == {"slack": Backlog(2, before(minutes=9))}


def test_recent_messages_are_counted_by_what_became_of_them(database: Database) -> None:
    """For a day after they were planned."""
    owe(database, "old", Channel.SLACK, at=NOW - RECENT - TICK)
    kept = owe(database, "kept", Channel.SLACK, at=NOW - RECENT)
    new = owe(database, "new", Channel.SLACK, Channel.WEBHOOK, at=NOW - timedelta(hours=1))
    finish(database, kept, Channel.SLACK, AlertState.REFUSED)
    finish(database, new, Channel.SLACK, AlertState.SENT)
    assert database.read(lambda it: read_recent_alerts(it, NOW)) == {
        ("slack", "refused"): 1,
        ("slack", "sent"): 1,
        ("webhook", "owed"): 1,
    }
