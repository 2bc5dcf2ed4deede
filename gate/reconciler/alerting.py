"""Send each channel what it is owed, one word for everything about one incident.

An alert may be sent twice, under the same key, rather than never: unlike a review it changes
nothing. A channel that is down is tried again for ever, since an incident may outlast its fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.alert import Channel
from gate.domain.ids import IncidentId
from gate.domain.incidents import Alerted, IncidentEvent
from gate.domain.outbox import Delivery, Owed, choose_delivery
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.responding import record_happenings
from gate.store import alerts, incidents
from gate.store.alerts import AlertState, OwedAlert
from gate.store.database import Transaction

_AT_ONCE: Final = 100
_MOST_UNKNOWN: Final = 3
"""Tries of a message whose fate is unknown each time; it has most likely arrived by then."""

_MISCONFIGURED: Final = timedelta(minutes=5)
"""How long a channel that refuses our address or credentials is left alone: a person mends it."""

_MENDABLE: Final = "channel_refused"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one try: settled in this state, or due again at a time."""

    outcome: str
    state: AlertState | None
    due_at: datetime | None


def send_alerts(channel: Channel, deps: Deps) -> None:
    """Try what one channel is owed now; what fails is tried again later."""
    now = deps.clock()
    due = deps.database.read(
        lambda snapshot: alerts.due_incidents(snapshot, channel, now, _AT_ONCE)
    )
    for incident in due:
        _send(channel, incident, deps)


def _send(channel: Channel, incident: str, deps: Deps) -> None:
    """Say in one message all that a channel is owed about an incident."""
    now = deps.clock()
    owed = deps.database.read(lambda snapshot: alerts.owed_alerts(snapshot, channel, incident))
    delivery = choose_delivery([Owed(it.alert, it.due_at) for it in owed], now)
    if delivery is None:
        return
    mine = next(it for it in owed if it.alert.key == delivery.alert.key)
    until = now + LEASE
    if not deps.database.transact(
        lambda tx: alerts.take_alerts(tx, mine, delivery.superseded, until)
    ):
        return
    error: GateError | None = None
    try:
        deps.notifiers[channel].send(delivery.alert)
    except (RetryLater, OutcomeUnknown, Refused) as failure:
        error = failure
    result = _result(mine, error, deps.clock())
    deps.failpoint("alerted")
    deps.database.transact(lambda tx: _record(tx, mine, delivery, result, deps.clock()))
    said = delivery.alert
    told = {"channel": channel.value, "kind": said.kind.value, "alert_key": said.key}
    if error is None:
        log.info("alert.sent", **told)
    else:
        log.warning(
            "alert.failed",
            **told,
            outcome=result.outcome,
            attempts=mine.attempts + 1,
            detail=error.detail,
        )


def _result(mine: OwedAlert, error: GateError | None, now: datetime) -> _Result:
    tries = mine.attempts + 1
    if error is None:
        return _Result("sent", AlertState.SENT, None)
    if isinstance(error, Refused) and error.reason != _MENDABLE:
        return _Result(error.reason, AlertState.REFUSED, None)
    if isinstance(error, OutcomeUnknown) and tries >= _MOST_UNKNOWN:
        return _Result(error.reason, AlertState.UNKNOWN, None)
    wait = _MISCONFIGURED if isinstance(error, Refused) else backoff(tries, error)
    return _Result(error.reason, None, now + wait)


def _record(
    tx: Transaction, mine: OwedAlert, delivery: Delivery, result: _Result, now: datetime
) -> None:
    """Record what came of a try, and of the messages that it made superfluous."""
    key, channel = mine.alert.key, mine.channel
    if result.state is None:
        for one in (key, *delivery.superseded):
            alerts.postpone_alert(tx, one, channel, outcome=result.outcome, due_at=result.due_at)
        return
    alerts.finish_alert(tx, key, channel, state=result.state, outcome=result.outcome, now=now)
    if result.state is AlertState.REFUSED:
        return
    for older in delivery.superseded:
        alerts.finish_alert(tx, older, channel, state=AlertState.SUPERSEDED, outcome=key, now=now)
    _record_alerted(tx, mine, now)


def _record_alerted(tx: Transaction, mine: OwedAlert, now: datetime) -> None:
    """Note in the timeline when the first channel had the first word."""
    kind, _, number = mine.alert.incident.partition("/")
    if kind != "incident":
        return
    record = incidents.lock_incident(tx, IncidentId(int(number)))
    if record is not None and record.incident.alerted_at is None:
        event = IncidentEvent(now, mine.channel.value, Alerted(mine.channel.value))
        record_happenings(tx, record, [event])
