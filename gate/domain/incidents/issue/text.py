"""Write an incident's issue: what fails, what is due by when, what was done.

Pure. Times are absolute, so that the text changes only after an event or a missed deadline. Text
that others wrote is escaped. The most important parts come first, since a text that is too long
is cut at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from gate.domain.comments.replies import INCIDENT_COMMANDS
from gate.domain.incidents.alerts.content import FAILED_EVENT
from gate.domain.incidents.events import IncidentEvent, Resolution
from gate.domain.incidents.incident import Incident, Word
from gate.domain.incidents.words import at, ending, happening, run_link, who
from gate.domain.model.alert import FailedFlow, HeldDeployment
from gate.domain.model.course import Course
from gate.domain.model.ids import IncidentId
from gate.domain.model.policy.policy import AlertPolicy
from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import cut, cut_markdown, neutralize
from gate.domain.text.fold import fold

T = TypeVar("T")

BODY_LIMIT: Final = 65_536
"""Characters that GitHub accepts in an issue and in a comment."""

_TITLE_LIMIT: Final = 200
_NAME_LIMIT: Final = 120
_ERROR_LIMIT: Final = 300
_WHY_LIMIT: Final = 300
_MOST_FLOWS: Final = 40
_MOST_ARTIFACTS: Final = 20
_BETWEEN: Final = "\n\n"
_LOOK_INTO_IT: Final = (
    "Review production validation logs",
    "Check if infrastructure rollback is needed",
    "Investigate failed assertions",
)
_DEEDS: Final[Mapping[Course | None, str]] = {
    it: f"Carry out the decision: {it}" for it in Course if it is not Course.ACCEPT_RISK
}

Timeline = Sequence[tuple[int, IncidentEvent]]
"""Events with their positions, in the order in which they happened."""


@dataclass(frozen=True, slots=True)
class IssueSubject:
    """What an issue shows besides the incident: the policy's deadlines and the held deployments."""

    policy: AlertPolicy
    held: tuple[HeldDeployment, ...]


@dataclass(frozen=True, slots=True)
class IssueText:
    """The title and the text that an issue should have, and whether it should be open."""

    title: str
    body: str
    is_open: bool


def mark(incident_id: IncidentId) -> str:
    """Return the mark of this incident's issue, which GitHub does not show."""
    return f"<!-- gate:incident/{incident_id} -->"


def render_issue(
    incident: Incident, timeline: Timeline, subject: IssueSubject, now: datetime
) -> IssueText:
    """Return the issue as it should be now.

    The issue of a resolved incident lists nothing that still changes: it is not updated again.
    """
    is_open = incident.is_open
    heading, held = ("Next steps", subject.held) if is_open else ("Steps taken", ())
    sections = (
        f"{mark(incident.id)}\n{_headline(incident)}",
        _facts(incident),
        _listed(
            "Failed flows", incident.failure.flows, _flow, _MOST_FLOWS, incident.failure.unnamed
        ),
        _listed("Artifacts", incident.failure.artifact_urls, _artifact, _MOST_ARTIFACTS),
        f"### {heading}\n\n{_lines(_checklist(incident, subject.policy, now))}",
        _listed("Held deployments", held, _held, len(held)),
        f"### Commands\n\n{INCIDENT_COMMANDS}",
        f"### Timeline\n\n{_lines(_history(timeline))}",
    )
    body = cut_markdown(_BETWEEN.join(section for section in sections if section), BODY_LIMIT)
    return IssueText(_title(incident), body, is_open)


def _title(incident: Incident) -> str:
    return cut(fold(f"{FAILED_EVENT}: {incident.place.environment}"), _TITLE_LIMIT)


def _headline(incident: Incident) -> str:
    environment = neutralize(incident.place.environment, _NAME_LIMIT)
    if incident.resolved is not None:
        return f"**Resolved** — {environment}, {at(incident.resolved.at)}: {ending(incident)}"
    since = f"since {at(incident.opened_at)}"
    held = "Deployments are held until the validation passes."
    if incident.failure.by_alert_only:
        held = "The run itself passed, so deployments are not held."
    return f"**{FAILED_EVENT}** — {environment}, {since}. {held}"


def _facts(incident: Incident) -> str:
    failure = incident.failure
    terraform = failure.terraform_deployment_id
    rows = [
        ("Failed job", run_link(failure)),
        ("Commit", neutralize(failure.head_sha or "unknown")),
        ("Terraform deployment", neutralize(terraform or "unknown", _NAME_LIMIT)),
        ("What failed", neutralize(failure.detail, _ERROR_LIMIT)),
        ("Failed attempts", str(incident.failures)),
        ("Gate record", f"incident {incident.id}"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def _flow(flow: FailedFlow) -> str:
    error = neutralize(flow.error, _ERROR_LIMIT)
    name = neutralize(flow.flow_name, _NAME_LIMIT)
    return f"- **{name}**, exit code {flow.exit_code}{f': {error}' if error else ''}"


def _artifact(url: str) -> str:
    return f"- <{url}>" if safe_url(url) else f"- {neutralize(url, _ERROR_LIMIT)}"


def _held(held: HeldDeployment) -> str:
    name = f"run {held.run_id}, attempt {held.run_attempt}"
    run = f"[{name}](<{held.url}>)" if safe_url(held.url) else name
    return f"- {run}; to override: `/override {held.run_id} <rationale>`"


def _checklist(incident: Incident, policy: AlertPolicy, now: datetime) -> Iterator[str]:
    """List the steps in the contract's order, and tick those that the gate knows are done.

    People tick the other steps themselves, and `keep_ticks` preserves those ticks.
    """
    acknowledged, decided = incident.acknowledged, incident.decided
    if acknowledged is not None:
        yield _box(f"Acknowledged by {who(acknowledged.actor)}, {at(acknowledged.at)}", done=True)
    else:
        due = _due(incident, policy.acknowledge_within, now)
        yield _box(f"Acknowledge{due}: comment `/ack`, or assign the issue", done=False)
    for step in _LOOK_INTO_IT:
        yield _box(step, done=False)
    yield _decision(incident, decided, _due(incident, policy.decide_within, now))
    if incident.course in _DEEDS:
        yield _box(_DEEDS[incident.course], done=False)
    if incident.resolved is not None and incident.how is Resolution.VALIDATION_PASSED:
        yield _box(f"The validation passed, {at(incident.resolved.at)}", done=True)
    else:
        step = "Re-run the validation: held deployments continue when it passes"
        yield _box(step, done=False)


def keep_ticks(body: str, shown: str) -> str:
    """Tick in `body` the steps that people have ticked in the text that the issue shows.

    Only steps that the gate cannot observe: it ticks the others itself.
    """
    lines = shown.splitlines()
    for step in (*_LOOK_INTO_IT, *_DEEDS.values()):
        if any(f"- [{tick}] {step}" in lines for tick in "xX"):
            body = body.replace(f"\n{_box(step, done=False)}\n", f"\n{_box(step, done=True)}\n")
    return body


def _decision(incident: Incident, decided: Word | None, due: str) -> str:
    if decided is None or incident.course is None:
        ways = ", ".join(f"`/decide {course} <why>`" for course in Course)
        text = f"Decide{due}: {ways}"
        return _box(text, done=False)
    why = neutralize(decided.why, _WHY_LIMIT)
    text = f"Decided by {who(decided.actor)}, {at(decided.at)}: {incident.course} ({why})"
    return _box(text, done=True)


def _due(incident: Incident, within: timedelta, now: datetime) -> str:
    if not incident.is_open:
        return ""
    deadline = incident.broke_out_at + within
    return f" by {at(deadline)}{' (**overdue**)' if now >= deadline else ''}"


def _box(text: str, *, done: bool) -> str:
    return f"- [{'x' if done else ' '}] {text}"


def _history(timeline: Timeline) -> Iterator[str]:
    """List events, the newest first: people read those, and a cut removes the oldest."""
    for _, event in reversed(timeline):
        yield f"- {at(event.at)} — {cut_markdown(happening(event), 2 * _WHY_LIMIT)}"


def _listed(
    heading: str, values: Sequence[T], render: Callable[[T], str], most: int, unnamed: int = 0
) -> str:
    """List values under a heading, and count those left out; return nothing without values."""
    if not values:
        return ""
    lines = [render(value) for value in values[:most]]
    count = len(values) + unnamed
    left_out = count - len(lines)
    if left_out:
        lines.append(f"- … and {left_out} more")
    return f"### {heading} ({count})\n\n{_lines(lines)}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
