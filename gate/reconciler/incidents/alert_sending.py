"""Send each channel what it is owed, one word for everything about one incident.

An alert may be sent twice, under the same key, rather than never: unlike a review it changes
nothing. A channel that is down is tried for a day, by time and not by count, with growing pauses;
a message that is lost after that is put on record. The rules are in
`gate.domain.incidents.alerts.outbox`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.alerts.outbox import (
    Delivery,
    Owed,
    choose_delivery,
    is_answered,
    is_expired,
    pause_before_repeat,
)
from gate.domain.incidents.events import Alerted, AlertLost, IncidentEvent
from gate.domain.model.alert import Alert, Channel
from gate.domain.model.ids import IncidentId
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deadlines import while_leased
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.incidents.timeline import record_happenings
from gate.reconciler.ports import IsTimely
from gate.store.engine.database import Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn_of_incident
from gate.store.incidents import alerts, incidents
from gate.store.incidents.alerts import AlertState, OwedAlert
from gate.store.incidents.incidents import IncidentRecord
from gate.traces.names import Attribute, SpanName

_MISCONFIGURED: Final = timedelta(minutes=5)
"""How long a channel that refuses our address or credentials is left alone: a person mends it."""

_MENDABLE: Final = "channel_refused"
_REFUSED_AS_IT_WAS: Final = "alert_refused"
"""What came of a message whose markup a channel refused; it is tried once more as plain text."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one try: settled in this state, or due again at a time."""

    outcome: str
    state: AlertState | None
    due_at: datetime | None
    maybe_sent: bool = False


def send_alerts(channel: Channel, incident: str, deps: Deps) -> None:
    """Send one message with all that a channel is owed about an incident; try again later else."""
    now = deps.clock()
    owed = deps.database.transact(lambda tx: _still_owed(tx, channel, incident, now))
    delivery = choose_delivery([Owed(it.alert, it.due_at) for it in owed], now)
    if delivery is None:
        return
    mine = next(it for it in owed if it.alert.key == delivery.alert.key)
    until = now + LEASE
    taken = deps.database.transact(
        lambda tx: alerts.take_alerts(tx, mine, delivery.superseded, now, until, by=deps.node)
    )
    if taken is None:
        return
    told = replace(
        delivery.alert, repeated=mine.maybe_sent, plain=mine.outcome == _REFUSED_AS_IT_WAS
    )
    error: GateError | None = None
    is_leased = while_leased(taken, deps)
    deps.failpoint("alerting")
    try:
        with deps.traces.span(SpanName.ALERT) as span:
            span.set({Attribute.CHANNEL: channel.value, Attribute.ALERT_KIND: told.kind.value})
            _check_timely(told, is_leased)
            deps.notifiers[channel].send(told)
    except (RetryLater, OutcomeUnknown, Refused) as failure:
        error = failure
    result = _result(mine, error, deps.clock())
    deps.failpoint("alerted")
    deps.database.transact(lambda tx: _record(tx, mine, taken, delivery, result, now=deps.clock()))
    described = {"channel": channel.value, "kind": told.kind.value, "alert_key": told.key}
    if error is None:
        log.info("alert.sent", **described)
    else:
        log.warning(
            "alert.failed",
            **described,
            outcome=result.outcome,
            attempts=mine.attempts + 1,
            detail=error.detail,
        )


def _check_timely(told: Alert, is_leased: IsTimely) -> None:
    """Raise RetryLater when another node may have sent it by now.

    What is left is the time that a channel takes to connect; a mail server closes a dialog that
    pauses for minutes, and the others write at once.
    """
    if not is_leased():
        raise RetryLater("too_late", told.key)


def _still_owed(tx: Transaction, channel: Channel, incident: str, now: datetime) -> list[OwedAlert]:
    """Read what a channel is owed, and settle what nobody needs to hear any more."""
    record = _incident_of(tx, incident)
    owed = alerts.owed_alerts(tx, channel, incident)
    acknowledged = record is not None and record.incident.acknowledged is not None
    needed: list[OwedAlert] = []
    for it in owed:
        if it.due_at > now:
            needed.append(it)  # it waits, or another node is sending it
        elif is_answered(it.alert, is_acknowledged=acknowledged):
            _settle(tx, it, AlertState.SUPERSEDED, "acknowledged", now)
        elif is_expired(it.alert, now):
            _settle(tx, it, AlertState.EXPIRED, it.outcome or "not_tried", now)
            if record is not None:
                event = IncidentEvent(now, channel.value, AlertLost(channel.value, it.alert.key))
                record = record_happenings(tx, record, [event])
            log.error("alert.expired", channel=channel.value, alert_key=it.alert.key)
        else:
            needed.append(it)
    return needed


def _settle(
    tx: Transaction, owed: OwedAlert, state: AlertState, outcome: str, now: datetime
) -> None:
    alerts.finish_alert(tx, owed.alert.key, owed.channel, state=state, outcome=outcome, now=now)


def _result(mine: OwedAlert, error: GateError | None, now: datetime) -> _Result:
    """Return what one try came to: nothing but a confirmed delivery counts as sent."""
    tries = mine.attempts + 1
    match error:
        case None:
            return _Result("sent", AlertState.SENT, None)
        case Refused(reason=reason) if reason == _MENDABLE:
            return _Result(reason, None, now + _MISCONFIGURED)
        case Refused(reason=reason) if mine.outcome == _REFUSED_AS_IT_WAS:
            return _Result(reason, AlertState.REFUSED, None)
        case Refused():
            return _Result(_REFUSED_AS_IT_WAS, None, now + backoff(1))
        case OutcomeUnknown(reason=reason):
            return _Result(reason, None, now + pause_before_repeat(tries), maybe_sent=True)
        case _:
            return _Result(error.reason, None, now + backoff(tries, error))


def _record(
    tx: Transaction,
    mine: OwedAlert,
    taken: Taken,
    delivery: Delivery,
    result: _Result,
    *,
    now: datetime,
) -> None:
    """Record what came of a try, and of the messages that it made superfluous."""
    record = _incident_of(tx, mine.alert.incident)
    if result.state is not AlertState.SENT and alerts.rows.lock(tx, taken) is None:
        return  # another node has tried it since, and knows better
    key, channel = mine.alert.key, mine.channel
    if result.due_at is not None:
        maybe_sent = mine.maybe_sent or result.maybe_sent
        alerts.rows.postpone(
            tx, taken, result.due_at, outcome=result.outcome, maybe_sent=maybe_sent
        )
        for one in delivery.superseded:
            alerts.put_off_alert(tx, one, channel, result.due_at)
    if result.state is None:
        return
    alerts.finish_alert(tx, key, channel, state=result.state, outcome=result.outcome, now=now)
    if result.state is AlertState.REFUSED:
        if record is not None:
            event = IncidentEvent(now, channel.value, AlertLost(channel.value, key))
            record_happenings(tx, record, [event])
        return
    for older in delivery.superseded:
        alerts.finish_alert(tx, older, channel, state=AlertState.SUPERSEDED, outcome=key, now=now)
    if record is not None and record.incident.alerted_at is None:
        event = IncidentEvent(now, channel.value, Alerted(channel.value))
        record_happenings(tx, record, [event])


def _incident_of(tx: Transaction, incident: str) -> IncidentRecord | None:
    """Lock the incident that a message is about; None when it is about no incident."""
    kind, _, number = incident.partition("/")
    if kind != "incident":
        return None
    incident_id = IncidentId(int(number))
    take_turn_of_incident(tx, incident_id)
    return incidents.lock_incident(tx, incident_id)
