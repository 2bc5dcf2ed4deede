"""Describe what happened to an incident, for its issue, its comments and its alerts. Pure.

Text that others wrote is escaped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

from gate.domain.incidents.events import (
    Acknowledged,
    Alerted,
    AlertLost,
    Bypassed,
    Decided,
    Detailed,
    FailedAgain,
    Failure,
    IncidentEvent,
    Opened,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import Incident
from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import neutralize

_LOGIN_LIMIT: Final = 60
_WORDS_LIMIT: Final = 300


def at(moment: datetime) -> str:
    """Return a moment in UTC, for readers in any time zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def who(actor: str) -> str:
    """Return a person's name without mentioning them."""
    return neutralize(actor, _LOGIN_LIMIT)


def run_link(failure: Failure) -> str:
    """Return a link to the run attempt that failed."""
    name = f"run {failure.run_id}, attempt {failure.run_attempt}"
    return f"[{name}](<{failure.job_url}>)" if safe_url(failure.job_url) else name


def failing(failure: Failure) -> str:
    """Return in a few words what fails."""
    if not failure.flows:
        return neutralize(failure.detail, _WORDS_LIMIT)
    count = failure.count
    return f"{count} flow failed" if count == 1 else f"{count} flows failed"


def happening(event: IncidentEvent) -> str:
    """Return one line that describes an event."""
    what, actor = event.what, who(event.actor)
    match what:
        case Opened() | FailedAgain() | Reopened():
            text = _failed(what)
        case Detailed(urls):
            text = f"GitHub lists {len(urls)} artifact{'s' if len(urls) > 1 else ''} for the run"
        case Alerted() | AlertLost():
            text = _alerted(what)
        case Acknowledged():
            text = f"{actor} acknowledged the incident"
        case Decided(course, why):
            text = f"{actor} decided on {course}: {_quoted(why)}"
        case Silenced(until, why):
            text = f"{actor} silenced messages until {at(until)}: {_quoted(why)}"
        case Overridden(_, url, why):
            text = f"{actor} overrode the hold on {_deployment(url)}: {_quoted(why)}"
        case Bypassed(_, url):
            text = f"an administrator let {_deployment(url)} bypass the gate; no reason given"
        case Resolved(how, why, _):
            text = f"resolved: {_ended(how, actor, why)}"
        case _:
            assert_never(what)
    return text


def _failed(what: Opened | FailedAgain | Reopened) -> str:
    failed = f"{failing(what.failure)} in {run_link(what.failure)}"
    match what:
        case Opened():
            return f"the validation failed: {failed}"
        case FailedAgain():
            return failed
        case Reopened():
            return f"the validation failed again: {failed}"
        case _:
            assert_never(what)


def _alerted(what: Alerted | AlertLost) -> str:
    channel = neutralize(what.channel)
    if isinstance(what, Alerted):
        return f"alert sent through {channel}"
    return f"alert {neutralize(what.alert_key)} was lost: {channel} did not accept it"


def _deployment(url: str) -> str:
    """Return a link to the run of a deployment; plain words where its page is not known."""
    return f"[a deployment](<{url}>)" if safe_url(url) else "a deployment"


def ending(incident: Incident) -> str:
    """Return a sentence on how an incident was resolved."""
    if incident.how is None or incident.resolved is None:
        return "still open."
    word = incident.resolved
    return f"{_ended(incident.how, who(word.actor), word.why)}."


def _ended(how: Resolution, actor: str, why: str) -> str:
    match how:
        case Resolution.VALIDATION_PASSED:
            return "the validation passed"
        case Resolution.RISK_ACCEPTED:
            return f"{actor} accepted the risk: {_quoted(why)}"
        case Resolution.BY_HAND:
            return f"{actor} closed the incident: {_quoted(why)}"
        case Resolution.NOT_GATED:
            return "the policy no longer gates the environment"
        case _:
            assert_never(how)


def _quoted(words: str) -> str:
    return f"“{neutralize(words, _WORDS_LIMIT)}”"
