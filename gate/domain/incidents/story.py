"""List what happened to an incident, event by event, for its page.

Pure, and raw: names and reasons are quoted as they are, and the page escapes them. The issue on
GitHub has the same events in Markdown, see `gate.domain.incidents.words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from gate.domain.incidents.clock import describe_ending
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
from gate.domain.incidents.words import at
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId
from gate.domain.model.policy.policy import Mode

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """An event in words. `actor` is the person who caused it; None when no person did.

    `mark` is `f` for a failure, `p` for a recovery, `o` for a release past the rule, `h` for a
    decision, or nothing. `url` is the page on GitHub, called `label`; `request` a deployment.
    """

    at: datetime
    actor: str | None
    text: str
    mark: str = ""
    quote: str = ""
    url: str = ""
    label: str = ""
    request: RequestId | None = None


def tell(event: IncidentEvent) -> Told:
    """Return an event in words."""
    what = event.what
    match what:
        case Opened() | FailedAgain() | Reopened():
            told = _tell_failure(event, what)
        case Detailed(urls):
            count = f"{len(urls)} artifact{'s' if len(urls) != 1 else ''}"
            told = Told(event.at, None, f"GitHub lists {count} of the failed run")
        case Alerted(channel):
            told = Told(event.at, None, f"First alert delivered by {channel}")
        case AlertLost(channel, key):
            told = Told(event.at, None, f"An alert by {channel} was lost: {key}", "f")
        case Bypassed(request_id, url):
            text = "An administrator released a deployment past the gate, without a reason"
            told = Told(event.at, None, text, "o", "", url, "its run", request_id)
        case Resolved():
            told = _tell_ending(event, what)
        case Acknowledged() | Decided() | Silenced() | Overridden():
            told = _tell_deed(event, what)
        case _:
            assert_never(what)
    return told


def _tell_ending(event: IncidentEvent, what: Resolved) -> Told:
    text, recovery = _ENDED[what.how], what.recovery
    if what.how in {Resolution.RISK_ACCEPTED, Resolution.BY_HAND}:
        return Told(event.at, event.actor, text, "h", what.why)
    if recovery is None:
        return Told(event.at, None, text, "p", what.why)
    label = f"run {recovery.run_id}, attempt {recovery.run_attempt}"
    return Told(event.at, None, text, "p", what.why, recovery.job_url, label)


_ENDED: Final = {
    Resolution.VALIDATION_PASSED: "Incident resolved: the validation passed",
    Resolution.NOT_GATED: "Incident resolved: the policy no longer gates the environment",
    Resolution.RISK_ACCEPTED: "accepted the risk, which resolves the incident",
    Resolution.BY_HAND: "closed the incident",
}


def _tell_failure(event: IncidentEvent, what: Opened | FailedAgain | Reopened) -> Told:
    failure = what.failure
    text = {
        Opened: "Incident opened: production validation failed",
        FailedAgain: "Failed again",
        Reopened: "Incident reopened: failed again",
    }[type(what)]
    text = f"{text} ({summarize_failure(failure)})"
    label = f"run {failure.run_id}, attempt {failure.run_attempt}"
    return Told(event.at, None, text, "f", "", failure.job_url, label)


def _tell_deed(event: IncidentEvent, what: Acknowledged | Decided | Silenced | Overridden) -> Told:
    when, actor = event.at, event.actor
    match what:
        case Acknowledged():
            return Told(when, actor, "acknowledged the incident")
        case Decided(course, why):
            return Told(when, actor, f"decided: {course}", "h", why)
        case Silenced(until, why):
            return Told(when, actor, f"paused alerts until {at(until)}", "", why)
        case Overridden(request_id, url, why):
            text = "overrode the hold on a deployment"
            return Told(when, actor, text, "o", why, url, "its run", request_id)
        case _:
            assert_never(what)


def summarize_failure(failure: Failure) -> str:
    """Return on one line what fails: the first flows by name, or else the reason on record."""
    if not failure.flows:
        return failure.detail
    names = ", ".join(flow.flow_name for flow in failure.flows[:_NAMED])
    more = failure.count - min(_NAMED, len(failure.flows))
    return f"{names}{f' and {more} more' if more else ''}"


def explain_standing(incident: Incident, mode: Mode = Mode.ENFORCE) -> str:
    """Return a sentence on what the incident means for deployments now."""
    if incident.is_open:
        if incident.failure.by_alert_only:
            return "The run itself passed, so the gate holds no deployment because of it."
        if mode is Mode.OBSERVE:
            return "The policy only observes this environment, so the gate holds no deployment."
        return (
            "Deployments wait until the validation passes. An eligible reviewer can override"
            " each hold."
        )
    match incident.how:
        case Resolution.VALIDATION_PASSED | None:
            text = "Held deployments continue automatically."
        case Resolution.RISK_ACCEPTED | Resolution.BY_HAND:
            ended = describe_ending(incident)
            text = (
                f"Resolved without a green validation ({ended}): deployments wait until it passes"
                " or a reviewer overrides them."
            )
        case Resolution.NOT_GATED:
            text = "Held deployments wait until the policy names the environment again."
        case _:
            assert_never(incident.how)
    return text


def name_remedy(incident: Incident) -> str:
    """Return what ends an open incident, before the validation runs again: as it was decided."""
    return "roll back" if incident.course is Course.ROLLBACK else "fix it"


@dataclass(frozen=True, slots=True)
class PasteCommand:
    """A comment to paste into the incident's issue, and what it does.

    `words` end where the reason begins; `blank` stands for the reason, and is empty without one.
    """

    words: str
    effect: str
    blank: str = ""


_REASON: Final = "<why>"


def list_commands(incident: Incident) -> tuple[PasteCommand, ...]:
    """Return the commands that still count on the incident's issue; none once it is resolved."""
    if not incident.is_open:
        return ()
    found = []
    if incident.acknowledged is None:
        found.append(PasteCommand("/ack", "acknowledge; assigning the issue does the same"))
    effects = {
        Course.ROLLBACK: "record that the change is rolled back",
        Course.FIX_FORWARD: "record that a fix follows",
        Course.ACCEPT_RISK: "close the incident; held deployments stay held",
    }
    found += [PasteCommand(f"/decide {it} ", effects[it], _REASON) for it in Course]
    found.append(PasteCommand("/silence 4h ", "pause alerts for up to 7 days", _REASON))
    found.append(PasteCommand("/resolve ", "close it without a green validation", _REASON))
    return tuple(found)
