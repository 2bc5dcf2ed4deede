"""Write the comments that the gate adds to an incident's issue.

Pure. GitHub notifies nobody when an issue's text changes, and everyone who follows the issue when a
comment is added. So the gate comments only on events that need a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.incidents.events import (
    Bypassed,
    Decided,
    IncidentEvent,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import Incident, Word
from gate.domain.incidents.issue.text import BODY_LIMIT, Timeline
from gate.domain.incidents.words import at, ending, happening, who
from gate.domain.model.ids import IncidentId
from gate.domain.text.durations import span
from gate.domain.text.escaping import cut_markdown, neutralize

_MOST_NAMED: Final = 20
_NAME_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment about the event at a position of the timeline; the gate adds it once."""

    position: int
    body: str


def remark_mark(incident_id: IncidentId, topic: str) -> str:
    """Return the mark of this remark, which GitHub does not show."""
    return f"<!-- gate:incident/{incident_id}/{topic} -->"


def next_remark(incident: Incident, timeline: Timeline, told: int) -> Remark | None:
    """Return the oldest remark that is owed about events after the position `told`.

    Outdated events are skipped: a resolution before a reopening, and the other way round.
    """
    for position, event in timeline:
        text = _remark(incident, event, timeline) if position > told else None
        if text is not None:
            body = f"{text}\n\n{remark_mark(incident.id, f'event/{position}')}"
            return Remark(position, cut_markdown(body, BODY_LIMIT))
    return None


def render_closed_by_hand(incident: Incident) -> str:
    """Return the comment that closing the issue does not resolve the incident."""
    return (
        "Closing this issue does not resolve the incident: the validation has not passed, and"
        " deployments stay held. The gate reopens the issue.\n\n"
        "- When the validation passes, the gate closes it.\n"
        "- To resolve the incident without that, comment `/resolve <why>`.\n\n"
        f"{remark_mark(incident.id, CLOSED_BY_HAND)}"
    )


CLOSED_BY_HAND: Final = "closed-by-hand"
"""The topic of that remark."""


def _remark(incident: Incident, event: IncidentEvent, timeline: Timeline) -> str | None:
    match event.what:
        case Resolved():
            return None if incident.is_open else _summary(incident, timeline)
        case Reopened():
            return f"**Reopened** — {happening(event)}." if incident.is_open else None
        case Overridden():
            return f"**Override** — {happening(event)}"
        case Bypassed():
            return (
                f"**Bypass** — {happening(event)}.\n\nWho did this, and why? Please answer"
                " here, so that the reason is on record."
            )
        case _:
            return None


def _summary(incident: Incident, timeline: Timeline) -> str:
    """Return the summary of a resolved incident."""
    resolved = incident.resolved
    lasted = span(resolved.at - incident.opened_at) if resolved is not None else ""
    rows = [
        ("Acknowledged", _after(incident.acknowledged, incident.broke_out_at)),
        ("Decided", _after(incident.decided, incident.broke_out_at)),
        ("Resolved", _after(resolved, incident.opened_at)),
        ("Failed attempts", str(incident.failures)),
        ("Reopened", _times(incident.reopenings)),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    parts = [
        f"**Resolved after {lasted}** — {ending(incident)}",
        "\n".join(["| | |", "| --- | --- |", *lines]),
        *_flows(incident),
        *_decisions(timeline),
        _what_follows(incident),
    ]
    return "\n\n".join(parts)


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _after(word: Word | None, opened_at: datetime) -> str:
    if word is None:
        return "never"
    return f"after {span(word.at - opened_at)}, by {who(word.actor)}"


def _flows(incident: Incident) -> Iterator[str]:
    flows = incident.failure.flows
    if flows:
        names = [neutralize(flow.flow_name, _NAME_LIMIT) for flow in flows[:_MOST_NAMED]]
        left_out = incident.failure.count - len(names)
        more = f", and {left_out} more" if left_out else ""
        yield f"Last failing: {', '.join(names)}{more}."


def _decisions(timeline: Timeline) -> Iterator[str]:
    """List every decision: the last one counts, and the earlier ones stay visible."""
    decided = [
        f"- {at(event.at)} — {happening(event)}"
        for _, event in timeline
        if isinstance(event.what, Decided)
    ]
    if decided:
        yield "Decisions:\n\n" + "\n".join(decided)


def _what_follows(incident: Incident) -> str:
    if incident.how is Resolution.VALIDATION_PASSED:
        return "Held deployments continue automatically."
    if incident.how is Resolution.NOT_GATED:
        return "Held deployments wait until the policy names the environment again."
    return (
        "The validation has not passed: held deployments wait until it passes or a reviewer"
        " overrides them."
    )
