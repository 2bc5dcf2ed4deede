"""Plan what is said about an incident, and when: heard once, reminded of, never a siren.

Pure. One page for each outbreak, and three a day at most; news and reminders are spaced, each
escalation is said once for an outbreak, and the end is told. What was said already is the ledger's
to tell, so planning again adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.incident import LASTING, REOPEN_WITHIN, Incident
from gate.domain.model.alert import AlertKind, Severity
from gate.domain.model.policy import AlertPolicy

FIRST_UPDATE_AFTER: Final = timedelta(minutes=5)
"""How soon after the last word news are told. Each update doubles it, up to the reminders' space,
so that a flapping validation cannot keep a channel busy."""

MOST_PAGES: Final = 3
"""Pages of one incident within `_PAGES_WITHIN`, however often it breaks out."""

_PAGES_WITHIN: Final = timedelta(days=1)

_PAGE: Final = "page"
LATE_TO_ACKNOWLEDGE: Final = "escalation/acknowledge"
LATE_TO_DECIDE: Final = "escalation/decide"
ARTIFACTS: Final = "artifacts"
_MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said about an incident. `fingerprint` is of the failure it told of.

    `lacks_artifacts` says that it named none of them.
    """

    topic: str
    kind: AlertKind
    at: datetime
    fingerprint: str
    lacks_artifacts: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said now. `topic` is unique within the incident.

    `pages_from` is set in an update that stands for a page, because there were too many of them: it
    is when the outbreak may page, should it last so long.
    """

    topic: str
    kind: AlertKind
    severity: Severity
    pages_from: datetime | None = None


def say(message: Message, incident: Incident, now: datetime) -> Said:
    """Remember a message that is said now, about what fails now."""
    failure = incident.failure
    lacks_artifacts = not failure.artifact_urls
    return Said(message.topic, message.kind, now, failure.fingerprint, lacks_artifacts)


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """What to say now, and when to look again; None when only news can change anything."""

    messages: tuple[Message, ...]
    next_look: datetime | None


def plan_alerts(
    incident: Incident, policy: AlertPolicy, said: tuple[Said, ...], now: datetime
) -> AlertPlan:
    """Say what is due about an incident at `now`, and when the next look is.

    A silence holds back everything but the end. The clocks for acknowledging and deciding run from
    the outbreak: they begin again when it fails after an end that lasted, and not before.
    """
    told: tuple[Said, ...] = ()
    messages: tuple[Message, ...] = ()
    while True:
        # One at a time: what is said now moves what comes after it.
        looks = [
            (_speakable(incident, it, now), it.message)
            for it in _dues(incident, policy, said + told)
        ]
        due = next((message for at, message in looks if at <= now), None)
        if due is None:
            return AlertPlan(messages, min((at for at, _ in looks), default=None))
        messages += (due,)
        told += (say(due, incident, now),)


@dataclass(frozen=True, slots=True)
class _Due:
    """Something still to be said, and from when."""

    at: datetime
    message: Message


def _speakable(incident: Incident, due: _Due, now: datetime) -> datetime:
    """Give the time from which something may be said, a silence heeded."""
    until = incident.silenced_until
    if until is None or not incident.is_silenced(now) or due.message.kind is AlertKind.RECOVERY:
        return due.at
    return max(due.at, until)


def _dues(incident: Incident, policy: AlertPolicy, said: tuple[Said, ...]) -> Iterator[_Due]:
    """List what is still to be said, the most urgent first."""
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
        # Too many pages already: until it may page again, what happens is told as an update.
        pages_from = at
    else:
        yield from _escalations(incident, policy, said)
    yield from _late_artifacts(incident, said)
    yield from _update(incident, policy, said, pages_from)
    yield from _reminder(policy, said)


def of_outbreak(topic: str, incident: Incident) -> str:
    """Name what is said once in each outbreak: the first has the bare name."""
    return topic if incident.outbreak == 1 else f"{topic}/{incident.outbreak}"


def _may_page_at(incident: Incident, said: tuple[Said, ...]) -> datetime:
    """Say from when an outbreak may page: at once, unless there were too many pages in a day."""
    pages = [it.at for it in said if it.kind is AlertKind.PAGE]
    if len(pages) < MOST_PAGES:
        return incident.broke_out_at
    return max(incident.broke_out_at, pages[-MOST_PAGES] + _PAGES_WITHIN)


def _escalations(incident: Incident, policy: AlertPolicy, said: tuple[Said, ...]) -> Iterator[_Due]:
    """Say once that nobody has acknowledged, and once that nobody has decided.

    Nobody is late who was paged late: because of pages before it, or of a silence.
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


def _late_artifacts(incident: Incident, said: tuple[Said, ...]) -> Iterator[_Due]:
    """Say where the artifacts are, at once, if whoever was told last could not be told.

    When other flows fail by now, the update that tells of them names the artifacts, too.
    """
    failure, last = incident.failure, said[-1] if said else None
    if last is None or last.kind is AlertKind.RECOVERY or last.fingerprint != failure.fingerprint:
        return
    if last.lacks_artifacts and failure.artifact_urls:
        number = sum(it.topic.startswith(ARTIFACTS) for it in said) + 1
        message = Message(f"{ARTIFACTS}/{number}", AlertKind.UPDATE, Severity.WARNING)
        yield _Due(last.at, message)


def _update(
    incident: Incident, policy: AlertPolicy, said: tuple[Said, ...], pages_from: datetime | None
) -> Iterator[_Due]:
    """Tell what fails now, when it is not what was told last."""
    last = said[-1]
    if last.kind is not AlertKind.RECOVERY and last.fingerprint == incident.failure.fingerprint:
        return
    number = sum(it.kind is AlertKind.UPDATE for it in said) + 1
    space = FIRST_UPDATE_AFTER * 2 ** min(number - 1, _MOST_DOUBLINGS)
    message = Message(f"update/{number}", AlertKind.UPDATE, Severity.WARNING, pages_from)
    yield _Due(last.at + min(space, policy.remind_every), message)


def _reminder(policy: AlertPolicy, said: tuple[Said, ...]) -> Iterator[_Due]:
    """Remind of what goes on, as long after the last word as the policy says."""
    number = sum(it.kind is AlertKind.REMINDER for it in said) + 1
    message = Message(f"reminder/{number}", AlertKind.REMINDER, Severity.WARNING)
    yield _Due(said[-1].at + policy.remind_every, message)


def _recovery(incident: Incident, said: tuple[Said, ...]) -> Iterator[_Due]:
    """Tell each end once; after a reopening only when it has lasted.

    Whoever heard of nothing needs not hear of its end, and whoever was not paged again hears of it
    only when no failure can reopen it any more.
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
