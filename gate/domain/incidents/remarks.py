"""Write the comments that the gate adds to an incident's issue, when somebody should hear of it.

Pure. The issue's own text says how things stand, and nobody is told when it changes. A comment is
sent to everybody who follows: only what takes a person is worth one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.incidents.incident import (
    Bypassed,
    Decided,
    Incident,
    IncidentEvent,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
    Word,
)
from gate.domain.incidents.issue import BODY_LIMIT, Timeline, at
from gate.domain.incidents.words import ending, happening, who
from gate.domain.model.ids import IncidentId
from gate.domain.requests.explain import span
from gate.domain.text.escaping import cut_markdown, neutralise

_MOST_NAMED: Final = 20
_NAME_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment about the event at a position of the timeline; it is made once."""

    position: int
    body: str


def remark_mark(incident_id: IncidentId, topic: str) -> str:
    """Mark a comment as this very remark; GitHub does not show it."""
    return f"<!-- gate:incident/{incident_id}/{topic} -->"


def next_remark(incident: Incident, timeline: Timeline, told: int) -> Remark | None:
    """Give the oldest remark that is owed about events after the position `told`.

    What is past by now is not said: an end before a new beginning, or the other way round.
    """
    for position, event in timeline:
        text = _remark(incident, event, timeline) if position > told else None
        if text is not None:
            body = f"{text}\n\n{remark_mark(incident.id, f'event/{position}')}"
            return Remark(position, cut_markdown(body, BODY_LIMIT))
    return None


def render_closed_by_hand(incident: Incident) -> str:
    """Say that closing the issue does not end the incident."""
    return (
        "Closing this issue does not end the incident: the validation is still red, and the"
        " deployments stay held. So it is open again. A green validation ends it by itself; to end"
        f" it by hand, say `/resolve <why>`.\n\n{remark_mark(incident.id, CLOSED_BY_HAND)}"
    )


CLOSED_BY_HAND: Final = "closed-by-hand"
"""The topic of that remark."""


def _remark(incident: Incident, event: IncidentEvent, timeline: Timeline) -> str | None:
    match event.what:
        case Resolved():
            return None if incident.is_open else _summary(incident, timeline)
        case Reopened():
            return f"**Open again** — {happening(event)}." if incident.is_open else None
        case Overridden():
            return f"**Override** — {happening(event)}"
        case Bypassed():
            return (
                f"**Bypass** — {happening(event)}.\n\nWho was it, and why? Say so here: the"
                " record has no reason for it."
            )
        case _:
            return None


def _summary(incident: Incident, timeline: Timeline) -> str:
    """Sum an incident up when it is over."""
    resolved = incident.resolved
    lasted = span(resolved.at - incident.opened_at) if resolved is not None else ""
    rows = [
        ("Acknowledged", _after(incident.acknowledged, incident.broke_out_at)),
        ("Decided", _after(incident.decided, incident.broke_out_at)),
        ("Over", _after(resolved, incident.opened_at)),
        ("Failed attempts", str(incident.failures)),
        ("Reopened", _times(incident.reopenings)),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    parts = [
        f"**Over after {lasted}** — {ending(incident)}",
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
        names = [neutralise(flow.flow_name, _NAME_LIMIT) for flow in flows[:_MOST_NAMED]]
        left_out = incident.failure.count - len(names)
        more = f", and {left_out} more" if left_out else ""
        yield f"Failed last: {', '.join(names)}{more}."


def _decisions(timeline: Timeline) -> Iterator[str]:
    """List every decision: the last one stands, and it matters that there were others."""
    decided = [
        f"- {at(event.at)} — {happening(event)}"
        for _, event in timeline
        if isinstance(event.what, Decided)
    ]
    if decided:
        yield "Decisions:\n\n" + "\n".join(decided)


def _what_follows(incident: Incident) -> str:
    if incident.how is Resolution.VALIDATION_PASSED:
        return "Held deployments go on by themselves."
    return "The validation is still red: held deployments stay held until it passes, or overridden."
