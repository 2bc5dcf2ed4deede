"""Put into words what happened to an incident, for its issue and for the comments below it. Pure.

Text that others wrote is neutralised.
"""

from __future__ import annotations

from datetime import UTC
from typing import Final, assert_never

from gate.domain.incidents.incident import (
    Acknowledged,
    Alerted,
    AlertLost,
    Bypassed,
    Decided,
    Detailed,
    FailedAgain,
    Failure,
    Incident,
    IncidentEvent,
    Opened,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import neutralise

_LOGIN_LIMIT: Final = 60
_WORDS_LIMIT: Final = 300


def who(actor: str) -> str:
    """Name somebody without calling them."""
    return neutralise(actor, _LOGIN_LIMIT)


def run_link(failure: Failure) -> str:
    """Link the run attempt that failed."""
    name = f"run {failure.run_id}, attempt {failure.run_attempt}"
    return f"[{name}](<{failure.job_url}>)" if safe_url(failure.job_url) else name


def failing(failure: Failure) -> str:
    """Say in a few words what fails."""
    if not failure.flows:
        return neutralise(failure.detail, _WORDS_LIMIT)
    count = failure.count
    return f"{count} flow failed" if count == 1 else f"{count} flows failed"


def happening(event: IncidentEvent) -> str:
    """Say what happened, on one line."""
    what, actor = event.what, who(event.actor)
    match what:
        case Opened() | FailedAgain() | Reopened():
            text = _failed(what)
        case Detailed(urls):
            text = f"{len(urls)} artifact{'s' if len(urls) > 1 else ''} of the run listed"
        case Alerted() | AlertLost():
            text = _alerted(what)
        case Acknowledged():
            text = f"{actor} looks after it"
        case Decided(course, why):
            text = f"{actor} decided on {course}: {_quoted(why)}"
        case Silenced(until, why):
            text = f"{actor} silenced it until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            text += f": {_quoted(why)}"
        case Overridden(_, url, why):
            text = f"{actor} let {_deployment(url)} go on by an override: {_quoted(why)}"
        case Bypassed(_, url):
            text = (
                f"an administrator let {_deployment(url)} past the gate, without a reason on record"
            )
        case Resolved(how, why, _):
            text = f"over: {_ended(how, actor, why)}"
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
            return f"it failed again soon after its end: {failed}"
        case _:
            assert_never(what)


def _alerted(what: Alerted | AlertLost) -> str:
    channel = neutralise(what.channel)
    if isinstance(what, Alerted):
        return f"alert sent by {channel}"
    return f"the alert {neutralise(what.alert_key)} was lost: {channel} never took it"


def _deployment(url: str) -> str:
    """Link the run of a deployment that went on; name it where its page is not known."""
    return f"[a deployment](<{url}>)" if safe_url(url) else "a deployment"


def ending(incident: Incident) -> str:
    """Say how an incident came to its end."""
    if incident.how is None or incident.resolved is None:
        return "it goes on."
    word = incident.resolved
    return f"{_ended(incident.how, who(word.actor), word.why)}."


def _ended(how: Resolution, actor: str, why: str) -> str:
    match how:
        case Resolution.VALIDATION_PASSED:
            return "the validation passed"
        case Resolution.RISK_ACCEPTED:
            return f"{actor} accepted the risk: {_quoted(why)}"
        case Resolution.BY_HAND:
            return f"{actor} ended it: {_quoted(why)}"
        case Resolution.NOT_GATED:
            return "the policy does not gate the environment any more"
        case _:
            assert_never(how)


def _quoted(words: str) -> str:
    return f"“{neutralise(words, _WORDS_LIMIT)}”"
