"""Build the parts of an alert that people read, once for all channels that show text.

Pure. Every text is on one line, cut, and without control and bidirectional characters. Each
channel escapes its own markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final, TypeVar

from gate.domain.model.alert import Alert, AlertKind, FailedFlow, HeldDeployment
from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import cut
from gate.domain.text.fold import fold

T = TypeVar("T")

_MOST_INVISIBLE: Final = 8
"""How much of a text is read, as a multiple of what is shown: all of it may be invisible."""

_TITLE_LIMIT: Final = 150
"""Characters that the header of a Slack message takes."""

_NAME_LIMIT: Final = 120
_SHA_LENGTH: Final = 12
_LABELS: Final = {
    AlertKind.PAGE: "",
    AlertKind.UPDATE: "Update",
    AlertKind.REMINDER: "Reminder",
    AlertKind.ESCALATION: "Escalation",
    AlertKind.RECOVERY: "Recovery",
    AlertKind.BYPASS: "Bypass",
    AlertKind.POLICY: "Policy",
    AlertKind.UNANSWERED: "Unanswered",
    AlertKind.TEST: "Test",
}


@dataclass(frozen=True, slots=True)
class Room:
    """How much a channel can show: items of a section, and characters of a text."""

    items: int
    words: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section, with an optional note and an optional link."""

    text: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Items under a heading. `more` counts the items that are left out."""

    heading: str
    items: tuple[Item, ...]
    more: int = 0
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """An alert in reading order; no section is empty.

    `title` stands alone, as the subject of a mail does. `summary` says who must act by when.
    """

    title: str
    summary: str
    place: str
    sections: tuple[Section, ...]
    facts: str


def outline(alert: Alert, room: Room) -> Outline:
    """Return the headline, who must act, the place, failed flows, links, holds and next steps."""
    flows = _worst_first(alert.failed_flows)
    sections = (
        _section(
            f"Failed flows ({len(flows) + alert.unnamed_flows})",
            flows,
            _flow,
            room,
            unnamed=alert.unnamed_flows,
        ),
        Section("Links", _links(alert)),
        _section("Artifacts", alert.artifact_urls, _artifact, room),
        _section("Held deployments", alert.held_deployments, _held, room),
        _section("Next steps", alert.next_steps, _step, room, numbered=True),
    )
    places = (_LABELS[alert.kind], alert.event, alert.repository, alert.environment)
    return Outline(
        title=shown(alert.headline or alert.event, _TITLE_LIMIT),
        summary=shown(alert.summary, 2 * room.words),
        place=" · ".join(_name(it, room) for it in places if it),
        sections=tuple(section for section in sections if section.items),
        facts=_facts(alert, room),
    )


def shown(text: str, limit: int) -> str:
    """Return foreign text on one line of at most `limit` characters, without invisible ones."""
    return cut(fold(text[: _MOST_INVISIBLE * limit]), limit)


def _section(
    heading: str,
    values: Sequence[T],
    render: Callable[[T, Room], Item],
    room: Room,
    *,
    numbered: bool = False,
    unnamed: int = 0,
) -> Section:
    """Render as many items as there is room for, and count the rest."""
    items = tuple(render(value, room) for value in values[: room.items])
    return Section(heading, items, len(values) + unnamed - len(items), numbered)


def _worst_first(flows: tuple[FailedFlow, ...]) -> list[FailedFlow]:
    """Sort by exit code, since a crash weighs more than a failed assertion.

    Flows with the same exit code stay in the order of the report.
    """
    return sorted(flows, key=lambda flow: -flow.exit_code)


def _flow(flow: FailedFlow, room: Room) -> Item:
    error = shown(flow.error, room.words)
    note = f"exit code {flow.exit_code}{f': {error}' if error else ''}"
    return Item(_name(flow.flow_name, room), note)


def _links(alert: Alert) -> tuple[Item, ...]:
    named = (
        ("Validation job", alert.github_job_url),
        ("Incident", alert.incident_url),
        ("Runbook", alert.runbook_url or ""),
    )
    return tuple(Item(name, url=safe_url(url)) for name, url in named if safe_url(url))


def _artifact(url: str, room: Room) -> Item:
    """Return an artifact under its address; an unsafe address is shown as text, not as a link."""
    return Item(shown(url, room.words), url=safe_url(url))


def _held(held: HeldDeployment, room: Room) -> Item:
    text = f"run {held.run_id}, attempt {held.run_attempt}, {_name(held.environment, room)}"
    return Item(text, url=safe_url(held.url))


def _step(step: str, room: Room) -> Item:
    return Item(shown(step, room.words))


def _name(text: str, room: Room) -> str:
    return shown(text, min(room.words, _NAME_LIMIT))


def _facts(alert: Alert, room: Room) -> str:
    """Return what people compare between messages: time, severity, run, commit, change."""
    facts = [f"{alert.timestamp.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", str(alert.severity)]
    if alert.run_id is not None:
        attempt = f", attempt {alert.run_attempt}" if alert.run_attempt is not None else ""
        facts.append(f"run {alert.run_id}{attempt}")
    if alert.head_sha is not None:
        facts.append(f"commit {fold(alert.head_sha[:_SHA_LENGTH])}")
    if alert.terraform_deployment_id is not None:
        facts.append(f"Terraform deployment {_name(alert.terraform_deployment_id, room)}")
    if alert.repeated:
        facts.append("may have been sent before")
    return " · ".join(facts)
