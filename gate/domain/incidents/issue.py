"""Write the issue in which people follow an incident: what fails, what is due, what was done.

Pure. Times are absolute, so that the text changes only when something has happened or a deadline
has passed. Text that others wrote is neutralised; what is needed first stands first, since a text
that is too long is cut at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from gate.domain.comments.replies import INCIDENT_COMMANDS
from gate.domain.incidents.alert_content import FAILED_EVENT
from gate.domain.incidents.incident import Course, Incident, IncidentEvent, Resolution, Word
from gate.domain.incidents.words import ending, happening, run_link, who
from gate.domain.model.alert import FailedFlow, HeldDeployment
from gate.domain.model.ids import IncidentId
from gate.domain.model.policy import AlertPolicy
from gate.domain.overrides.rationale import fold
from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import cut, cut_markdown, neutralise

T = TypeVar("T")

BODY_LIMIT: Final = 65_536
"""Characters that GitHub takes in an issue and in a comment."""

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
    it: f"Do it: {it}" for it in Course if it is not Course.ACCEPT_RISK
}

Timeline = Sequence[tuple[int, IncidentEvent]]
"""Events with their positions, in the order in which they happened."""


@dataclass(frozen=True, slots=True)
class IssueSubject:
    """What surrounds an incident: who is late when, and what waits."""

    policy: AlertPolicy
    held: tuple[HeldDeployment, ...]


@dataclass(frozen=True, slots=True)
class IssueText:
    """What an issue has to say, and whether it has to be open."""

    title: str
    body: str
    is_open: bool


def mark(incident_id: IncidentId) -> str:
    """Mark an issue as this incident's; GitHub does not show it."""
    return f"<!-- gate:incident/{incident_id} -->"


def render_issue(
    incident: Incident, timeline: Timeline, subject: IssueSubject, now: datetime
) -> IssueText:
    """Write the issue as it has to be now.

    Of an incident that is over nothing is listed that still changes: it is not looked at again.
    """
    is_open = incident.is_open
    heading, held = ("What to do next", subject.held) if is_open else ("What was done", ())
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
        f"### What happened\n\n{_lines(_history(timeline))}",
    )
    body = cut_markdown(_BETWEEN.join(section for section in sections if section), BODY_LIMIT)
    return IssueText(_title(incident), body, is_open)


def _title(incident: Incident) -> str:
    return cut(fold(f"{FAILED_EVENT}: {incident.place.environment}"), _TITLE_LIMIT)


def _headline(incident: Incident) -> str:
    environment = neutralise(incident.place.environment, _NAME_LIMIT)
    if incident.resolved is not None:
        return f"**Over** — {environment}, {at(incident.resolved.at)}: {ending(incident)}"
    since = f"since {at(incident.opened_at)}"
    held = "Deployments are held until it is green."
    if incident.failure.by_alert_only:
        held = "The run ended green: deployments are not held."
    return f"**{FAILED_EVENT}** — {environment}, {since}. {held}"


def _facts(incident: Incident) -> str:
    failure = incident.failure
    terraform = failure.terraform_deployment_id
    rows = [
        ("Failed job", run_link(failure)),
        ("Commit", neutralise(failure.head_sha or "not known")),
        ("Terraform deployment", neutralise(terraform or "not known", _NAME_LIMIT)),
        ("What failed", neutralise(failure.detail, _ERROR_LIMIT)),
        ("Failed attempts", str(incident.failures)),
        ("In the gate's record", f"incident {incident.id}"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def _flow(flow: FailedFlow) -> str:
    error = neutralise(flow.error, _ERROR_LIMIT)
    name = neutralise(flow.flow_name, _NAME_LIMIT)
    return f"- **{name}**, exit code {flow.exit_code}{f': {error}' if error else ''}"


def _artifact(url: str) -> str:
    return f"- <{url}>" if safe_url(url) else f"- {neutralise(url, _ERROR_LIMIT)}"


def _held(held: HeldDeployment) -> str:
    name = f"run {held.run_id}, attempt {held.run_attempt}"
    run = f"[{name}](<{held.url}>)" if safe_url(held.url) else name
    return f"- {run}: `/override {held.run_id} <rationale>`"


def _checklist(incident: Incident, policy: AlertPolicy, now: datetime) -> Iterator[str]:
    """List what a person does, in the contract's order; what the gate knows is done is ticked.

    Of the other steps only people know: they tick them, and `keep_ticks` leaves it so.
    """
    acknowledged, decided = incident.acknowledged, incident.decided
    if acknowledged is not None:
        yield _box(f"Acknowledged by {who(acknowledged.actor)}, {at(acknowledged.at)}", done=True)
    else:
        due = _due(incident, policy.acknowledge_within, now)
        yield _box(f"Acknowledge: `/ack`, or assign yourself{due}", done=False)
    for step in _LOOK_INTO_IT:
        yield _box(step, done=False)
    yield _decision(incident, decided, _due(incident, policy.decide_within, now))
    if incident.course in _DEEDS:
        yield _box(_DEEDS[incident.course], done=False)
    if incident.resolved is not None and incident.how is Resolution.VALIDATION_PASSED:
        yield _box(
            f"The validation passed, seen by the gate, {at(incident.resolved.at)}", done=True
        )
    else:
        yield _box("Re-run the validation: held deployments go on by themselves", done=False)


def keep_ticks(body: str, shown: str) -> str:
    """Tick in `body` what people have ticked in the text that the issue shows.

    Only the steps of which the gate knows nothing: what it knows it ticks itself, or not.
    """
    lines = shown.splitlines()
    for step in (*_LOOK_INTO_IT, *_DEEDS.values()):
        if any(f"- [{tick}] {step}" in lines for tick in "xX"):
            body = body.replace(f"\n{_box(step, done=False)}\n", f"\n{_box(step, done=True)}\n")
    return body


def _decision(incident: Incident, decided: Word | None, due: str) -> str:
    if decided is None or incident.course is None:
        ways = ", ".join(f"`/decide {course} <why>`" for course in Course)
        text = f"Decide: {ways}{due}"
        return _box(text, done=False)
    why = neutralise(decided.why, _WHY_LIMIT)
    text = f"Decided by {who(decided.actor)}, {at(decided.at)}: {incident.course} ({why})"
    return _box(text, done=True)


def _due(incident: Incident, within: timedelta, now: datetime) -> str:
    if not incident.is_open:
        return ""
    deadline = incident.broke_out_at + within
    return f", by {at(deadline)}{' — **late**' if now >= deadline else ''}"


def _box(text: str, *, done: bool) -> str:
    return f"- [{'x' if done else ' '}] {text}"


def _history(timeline: Timeline) -> Iterator[str]:
    """List what happened, the newest first: that is what is read, and what is cut is old."""
    for _, event in reversed(timeline):
        yield f"- {at(event.at)} — {cut_markdown(happening(event), 2 * _WHY_LIMIT)}"


def _listed(
    heading: str, values: Sequence[T], render: Callable[[T], str], most: int, unnamed: int = 0
) -> str:
    """List values under a heading, and count those that are left out; nothing without values."""
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


def at(moment: datetime) -> str:
    """Spell a moment as people in any place read it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
