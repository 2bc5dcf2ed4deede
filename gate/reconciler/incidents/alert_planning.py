"""Queue the alerts about an incident that are due now, for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.alerts.content import AlertSubject, Bypass, render_alert, render_bypass
from gate.domain.incidents.alerts.plan import AlertPlan, announce, plan_alerts
from gate.domain.incidents.alerts.words import MOST_HELD
from gate.domain.incidents.events import Bypassed, IncidentEvent
from gate.domain.incidents.incident import GATE, Incident
from gate.domain.model.alert import AlertKind, Channel, HeldDeployment
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId, environment_key
from gate.domain.model.policy.policy import AlertPolicy, IncidentPolicy
from gate.domain.model.request import GateRequest
from gate.domain.text.addresses import issues_page
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.timeline import record_happenings
from gate.store.engine.database import Snapshot, Transaction
from gate.store.github import runs
from gate.store.incidents import alerts, artifacts, incidents
from gate.store.incidents.incidents import IncidentRecord
from gate.store.requests import requests

PAGE_HELD_FOR: Final = timedelta(seconds=2)
"""The longest that a page waits for the issue and the artifacts that it links."""


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What all messages of one check share: the repository, its policy and the channels."""

    repository: Repository
    policy: AlertPolicy
    keeping: IncidentPolicy
    deps: Deps
    now: datetime

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return the channels of the policy that the server has configured."""
        asked = self.policy.channels if self.policy.channels is not None else tuple(Channel)
        return tuple(channel for channel in asked if channel in self.deps.notifiers)


def owe_alerts(tx: Transaction, record: IncidentRecord, context: AlertContext) -> datetime | None:
    """Queue the messages that are due about an incident; return when to plan again."""
    incident, now = record.incident, context.now
    plan = plan_alerts(incident, context.policy, record.said, now)
    if not plan.messages:
        return plan.next_look
    held_until = _held_until(tx, record, plan, context)
    if held_until is not None:
        return held_until
    subject = _subject(
        context,
        record.issue_url or _where_it_is_kept(incident, context),
        held_deployments(tx, context.repository.id, incident.place.environment),
    )
    for message in plan.messages:
        alert = render_alert(incident, message, context.policy, subject, now)
        alerts.owe_alert(tx, alert, context.channels, context.repository.id)
    told = [announce(it, incident, now) for it in plan.messages]
    incidents.record_announcements(tx, record, told)
    return plan.next_look


def _held_until(
    tx: Transaction, record: IncidentRecord, plan: AlertPlan, context: AlertContext
) -> datetime | None:
    """Return until when a page waits for what it links; None when it is sent now.

    It leads people to the incident's issue and to the run's artifacts. So these are worth a
    moment's wait, and no more than that.
    """
    until = (record.incident.reopened_at or record.incident.opened_at) + PAGE_HELD_FOR
    if context.now >= until or not any(it.kind is AlertKind.PAGE for it in plan.messages):
        return None
    lacks_issue = context.keeping.issue and record.issue_url is None
    failure = record.incident.failure
    key = record.incident.place.repository_id, failure.run_id, failure.run_attempt
    return until if lacks_issue or artifacts.is_listing(tx, *key) else None


def owe_bypass_alert(tx: Transaction, request: GateRequest, context: AlertContext) -> None:
    """Queue the alert that a deployment bypassed the gate, in the open incident if there is one."""
    now = context.now
    url = runs.read_page(tx, request.key)
    record = incidents.lock_newest_incident(tx, request.key.repository_id, request.environment)
    if record is not None and not record.incident.is_open:
        record = None
    if record is not None:
        event = IncidentEvent(now, GATE, Bypassed(request.id, url))
        record = record_happenings(tx, record, [event])
    bypass = Bypass(request, url, record.incident if record is not None else None)
    subject = _subject(context, url, ())
    alert = render_bypass(bypass, context.policy, subject, now)
    alerts.owe_alert(tx, alert, context.channels, context.repository.id)


def _subject(context: AlertContext, url: str, held: tuple[HeldDeployment, ...]) -> AlertSubject:
    return AlertSubject(context.repository.full_name, url, context.deps.runbooks, held)


def held_deployments(
    snapshot: Snapshot, repository_id: RepositoryId, environment: str | None
) -> tuple[HeldDeployment, ...]:
    """List the deployments that wait for an environment, or for any, the oldest first."""
    held = [
        request
        for request in requests.undecided_requests(snapshot, repository_id)
        if environment is None
        or environment_key(request.environment) == environment_key(environment)
    ]
    return tuple(
        HeldDeployment(
            request.key.run_id,
            request.key.run_attempt,
            request.environment,
            runs.read_page(snapshot, request.key),
        )
        for request in held[:MOST_HELD]
    )


def _where_it_is_kept(incident: Incident, context: AlertContext) -> str:
    """Return a page on GitHub that people can open while the incident has no issue (yet)."""
    job_url, keeping = incident.failure.job_url, context.keeping
    if not keeping.issue:
        return job_url
    return issues_page(job_url, context.repository.full_name, keeping.labels)
