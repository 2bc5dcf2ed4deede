"""Work that takes longer than its lease changes nothing that another node has recorded since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from gate.domain.model.alert import Alert, Channel
from gate.domain.model.github import FileReading
from gate.domain.model.hints import Work
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.alert_sending import send_alerts
from gate.reconciler.incidents.check import check_incidents
from gate.store.engine.tables.incidents import alerts
from gate.store.incidents import checks
from gate.store.incidents.alerts import owe_alert
from tests.integration.incidents.incident_steps import timeline
from tests.support.harness import REPOSITORY, Gate


class Overtaken:
    """A channel that answers so late that another node has sent the alert meanwhile."""

    def __init__(self, gate: Gate, deps: Deps, channel: Channel, error: GateError) -> None:
        self._gate = gate
        self._deps = deps
        self._error = error
        self.channel = channel

    def send(self, alert: Alert) -> None:
        self._gate.github.advance(200)
        send_alerts(self.channel, alert.incident, self._deps)
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("outcome_unknown", "x"),
        Refused("alert_refused", "x"),
        RetryLater("channel_unavailable", "x"),
    ],
    ids=lambda it: type(it).__name__,
)
def test_a_late_sender_takes_nothing_back(gate: Gate, error: GateError) -> None:
    """What another node sent stays sent, and the timeline says so once."""
    gate.validate(REPOSITORY, "failure")
    gate.ingest_deliveries()
    gate.service.worker.do(Work.INCIDENTS)
    gate.github.advance(3)
    gate.service.worker.do(Work.INCIDENTS)
    deps = gate.service.deps
    (channel,) = deps.notifiers
    read = select(alerts.c.value, alerts.c.repository_id)
    page, repository_id = deps.database.read(lambda it: it.execute(read).one())
    page = msgspec.json.decode(page, type=Alert)
    older = replace(page, key="incident/1/older", timestamp=page.timestamp - timedelta(seconds=5))
    # The page was refused once as it was, so that another refusal is the last; an older message is
    # still owed, for which it stands.
    refused_once = update(alerts).values(outcome="alert_refused")
    deps.database.transact(lambda tx: tx.execute(refused_once).close())
    deps.database.transact(lambda tx: owe_alert(tx, older, [channel], repository_id))
    late = replace(deps, notifiers={channel: Overtaken(gate, deps, channel, error)})
    send_alerts(channel, "incident/1", late)
    query = select(alerts.c.alert_key, alerts.c.state, alerts.c.due_at)
    found = deps.database.read(lambda it: it.execute(query.order_by(alerts.c.planned_at)).all())
    assert found == [(older.key, "superseded", None), (page.key, "sent", None)]
    assert timeline(gate).count("alerted") == 1
    assert "alert_lost" not in timeline(gate)


def test_news_during_a_read_that_fails_leave_the_look_due(gate: Gate) -> None:
    """What they are about may need nothing that GitHub would not show."""
    gate.validate(REPOSITORY, "failure")
    gate.ingest_deliveries()
    deps = gate.service.deps
    (repository_id,) = deps.database.read(checks.known_checks)

    class Unreadable:
        """Contents that GitHub does not show, while a webhook brings news."""

        def read_file(self, *_asked: object) -> FileReading:
            deps.database.transact(lambda tx: checks.mark_check(tx, repository_id, deps.clock()))
            raise RetryLater("github_unavailable", "x")

    unreadable: Any = Unreadable()
    check_incidents(repository_id, replace(deps, github=replace(deps.github, contents=unreadable)))
    now = deps.clock()
    assert deps.database.read(lambda it: checks.rows.due(it, now, 9)) == [repository_id]
