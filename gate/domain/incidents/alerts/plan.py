"""Plan which messages about an incident are due, and when.

Pure. It pages once per outbreak and at most three times a day, spaces out updates and reminders,
escalates overdue steps once per outbreak, and announces recovery. Messages that were sent already
are passed in, so planning again adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.incident import LASTING, REOPEN_WITHIN, Incident
from gate.domain.model.alert import AlertKind, Severity
from gate.domain.model.policy.policy import AlertPolicy

FIRST_UPDATE_AFTER: Final = timedelta(minutes=5)
"""The shortest time between a message and an update. Each update doubles it, up to the interval of
reminders, so that a flapping validation cannot flood a channel."""

MOST_PAGES: Final = 3
"""Pages of one incident within `_PAGES_WITHIN`, however many outbreaks it has."""

_PAGES_WITHIN: Final = timedelta(days=1)

_PAGE: Final = "page"
LATE_TO_ACKNOWLEDGE: Final = "escalation/acknowledge"
LATE_TO_DECIDE: Final = "escalation/decide"
ARTIFACTS: Final = "artifacts"
_MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message that was sent about an incident. `fingerprint` is that of the failure it described.

    `lacks_artifacts` is set when it listed no artifacts.
    """

    topic: str
    kind: AlertKind
    at: datetime
    fingerprint: str
    lacks_artifacts: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send now. `topic` is unique within the incident.

    `pages_from` is set in an update that replaces a page, because there were too many pages: it is
    when the outbreak may page, if it lasts that long. `is_again` is set in an update that follows a
    recovery message.
    """

    topic: str
    kind: AlertKind
    severity: Severity
    pages_from: datetime | None = None
    is_again: bool = False


def announce(message: Message, incident: Incident, now: datetime) -> Announcement:
    """Return the record of a message that is sent now, about the current failure."""
    failure = incident.failure
    lacks_artifacts = not failure.artifact_urls
    return Announcement(message.topic, message.kind, now, failure.fingerprint, lacks_artifacts)


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """The messages to send now, and when to plan again; None when only an event can change it."""

    messages: tuple[Message, ...]
    next_look: datetime | None


def plan_alerts(
    incident: Incident, policy: AlertPolicy, said: tuple[Announcement, ...], now: datetime
) -> AlertPlan:
    """Return the messages that are due at `now`, and when to plan again.

    A silence holds back everything but the recovery. The deadlines for acknowledging and deciding
    count from the outbreak; they restart only when it fails again after a resolution that lasted.
    """
    told: tuple[Announcement, ...] = ()
    messages: tuple[Message, ...] = ()
    while True:
        # One at a time: each message moves the due times of the others.
        looks = [
            (_speakable(incident, it, now), it.message)
            for it in _dues(incident, policy, said + told)
        ]
        due = next((message for at, message in looks if at <= now), None)
        if due is None:
            return AlertPlan(messages, min((at for at, _ in looks), default=None))
        messages += (due,)
        told += (announce(due, incident, now),)


@dataclass(frozen=True, slots=True)
class _Due:
    """A message that is still to be sent, and from when."""

    at: datetime
    message: Message


def _speakable(incident: Incident, due: _Due, now: datetime) -> datetime:
    """Return the time from which a message may be sent, considering a silence."""
    until = incident.silenced_until
    if until is None or not incident.is_silenced(now) or due.message.kind is AlertKind.RECOVERY:
        return due.at
    return max(due.at, until)


def _dues(
    incident: Incident, policy: AlertPolicy, said: tuple[Announcement, ...]
) -> Iterator[_Due]:
    """List the messages that are still to be sent, the most urgent first."""
    topics = {it.topic for it in said}
    if not incident.is_open:
        yield from _recovery(incident, said)
        return
    page, pages_from = of_outbreak(_PAGE, incident), None
    if page not in topics:
        at = _may_page_at(incident, said)
        yield _Due(at, Message(page, AlertKind.PAGE, Severity.CRITICAL))
        if at == incident.broke_out_at:
            return
        # Too many pages: until it may page again, it sends updates.
        pages_from = at
    else:
        yield from _escalations(incident, policy, said)
    yield from _late_artifacts(incident, said)
    yield from _update(incident, policy, said, pages_from)
    yield from _reminder(policy, said)


def of_outbreak(topic: str, incident: Incident) -> str:
    """Return the topic of a message that each outbreak sends once; the first has the bare name."""
    return topic if incident.outbreak == 1 else f"{topic}/{incident.outbreak}"


def _may_page_at(incident: Incident, said: tuple[Announcement, ...]) -> datetime:
    """Return when an outbreak may page: immediately, unless a day had too many pages."""
    pages = [it.at for it in said if it.kind is AlertKind.PAGE]
    if len(pages) < MOST_PAGES:
        return incident.broke_out_at
    return max(incident.broke_out_at, pages[-MOST_PAGES] + _PAGES_WITHIN)


def _escalations(
    incident: Incident, policy: AlertPolicy, said: tuple[Announcement, ...]
) -> Iterator[_Due]:
    """Escalate once that nobody has acknowledged, and once that nobody has decided.

    Both times count from the page, which a silence or earlier pages may have delayed.
    """
    topics = {it.topic: it.at for it in said}
    began = max(incident.broke_out_at, topics[of_outbreak(_PAGE, incident)])
    acknowledge, decide = (
        of_outbreak(it, incident) for it in (LATE_TO_ACKNOWLEDGE, LATE_TO_DECIDE)
    )
    if incident.acknowledged is None and acknowledge not in topics:
        message = Message(acknowledge, AlertKind.ESCALATION, Severity.CRITICAL)
        yield _Due(began + policy.acknowledge_within, message)
    if incident.decided is None and decide not in topics:
        message = Message(decide, AlertKind.ESCALATION, Severity.CRITICAL)
        yield _Due(began + policy.decide_within, message)


def _late_artifacts(incident: Incident, said: tuple[Announcement, ...]) -> Iterator[_Due]:
    """Send the artifacts immediately when the last message lacked them.

    When other flows fail by now, the update about those lists the artifacts too.
    """
    failure, last = incident.failure, said[-1] if said else None
    if last is None or last.kind is AlertKind.RECOVERY or last.fingerprint != failure.fingerprint:
        return
    if last.lacks_artifacts and failure.artifact_urls:
        number = sum(it.topic.startswith(ARTIFACTS) for it in said) + 1
        message = Message(f"{ARTIFACTS}/{number}", AlertKind.UPDATE, Severity.WARNING)
        yield _Due(last.at, message)


def _update(
    incident: Incident,
    policy: AlertPolicy,
    said: tuple[Announcement, ...],
    pages_from: datetime | None,
) -> Iterator[_Due]:
    """Send what fails now, when it differs from the last message."""
    last = said[-1]
    if last.kind is not AlertKind.RECOVERY and last.fingerprint == incident.failure.fingerprint:
        return
    number = sum(it.kind is AlertKind.UPDATE for it in said) + 1
    space = FIRST_UPDATE_AFTER * 2 ** min(number - 1, _MOST_DOUBLINGS)
    is_again = last.kind is AlertKind.RECOVERY
    message = Message(f"update/{number}", AlertKind.UPDATE, Severity.WARNING, pages_from, is_again)
    yield _Due(last.at + min(space, policy.remind_every), message)


def _reminder(policy: AlertPolicy, said: tuple[Announcement, ...]) -> Iterator[_Due]:
    """Send a reminder, as long after the last message as the policy says."""
    number = sum(it.kind is AlertKind.REMINDER for it in said) + 1
    message = Message(f"reminder/{number}", AlertKind.REMINDER, Severity.WARNING)
    yield _Due(said[-1].at + policy.remind_every, message)


def _recovery(incident: Incident, said: tuple[Announcement, ...]) -> Iterator[_Due]:
    """Announce each recovery once; after a reopening only when it has lasted.

    Without an earlier message there is no recovery message. An outbreak that did not page announces
    its recovery only when no failure can reopen the incident any more.
    """
    told = sum(it.kind is AlertKind.RECOVERY for it in said)
    if not said or incident.resolved is None or said[-1].kind is AlertKind.RECOVERY:
        return
    wait = timedelta(0)
    if incident.reopenings:
        was_paged = any(it.topic == of_outbreak(_PAGE, incident) for it in said)
        wait = LASTING if was_paged else REOPEN_WITHIN
    message = Message(f"recovery/{told + 1}", AlertKind.RECOVERY, Severity.INFO)
    yield _Due(incident.resolved.at + wait, message)
