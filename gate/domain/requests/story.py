"""List what happened to a deployment, from the trail, its incident and its alerts.

Pure, and plain text: titles, quotes and lines may hold what others wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.events import (
    Acknowledged,
    AlertLost,
    Decided,
    IncidentEvent,
    Opened,
    Reopened,
    Resolved,
    Silenced,
)
from gate.domain.model.policy import ValidationState
from gate.domain.requests.decision import ReasonCode, Verdict
from gate.domain.requests.flow_lines import describe_flows
from gate.domain.requests.phrases import close_phrase, phrase

MOST_EVENTS: Final = 60
"""Entries of a story that a page shows: the newest, and the first."""


class Mark(StrEnum):
    """What kind of news an event is; `plain` is none that changes the deployment."""

    GREEN = "p"
    HOLD = "h"
    RED = "f"
    OVERRIDE = "o"
    PLAIN = ""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An entry of the trail about a request."""

    sequence: int
    at: datetime
    kind: str
    actor: str
    reason: str | None
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AlertTrace:
    """What became of an alert on one channel."""

    key: str
    kind: str
    channel: str
    state: str
    planned_at: datetime
    settled_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a story; `url` leads to its source on GitHub, and is empty without one."""

    at: datetime
    mark: Mark
    title: str
    quote: str = ""
    lines: tuple[str, ...] = ()
    url: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The events, oldest first, and how many are left out after the first of them."""

    events: tuple[Event, ...]
    left_out: int = 0


def tell(events: Iterable[Event], left_out: int = 0) -> Story:
    """Order events by time, and keep the first and the newest of many."""
    ordered = sorted(events, key=lambda it: it.at)
    if len(ordered) <= MOST_EVENTS:
        return Story(tuple(ordered), left_out)
    kept = (ordered[0], *ordered[1 - MOST_EVENTS :])
    return Story(kept, left_out + len(ordered) - len(kept))


def validation_events(seen: Sequence[Evidence]) -> Iterator[Event]:
    """Describe each validation that decisions rested on, as it was seen last."""
    newest = {(it.run.run_id, it.run.run_attempt): it for it in seen if it.run is not None}
    for evidence in newest.values():
        run = evidence.run
        if run is None:
            continue
        attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
        name = f"Validation run {run.run_id}{attempt}"
        flows, more = describe_flows(evidence)
        lines = (*flows, f"and {more} more flows") if more else tuple(flows)
        if run.is_completed:
            ended = (run.conclusion or "ended").replace("_", " ")
            mark = _STATE_MARKS.get(evidence.state, Mark.HOLD)
            yield Event(run.updated_at, mark, f"{name} ended: {ended}", "", lines, run.html_url)
        else:
            yield Event(run.started_at, Mark.PLAIN, f"{name} started", "", lines, run.html_url)


_STATE_MARKS: Final = {
    ValidationState.PASSED: Mark.GREEN,
    ValidationState.FAILED: Mark.RED,
}


def trail_events(entries: Sequence[TrailEntry], page: str) -> Iterator[Event]:
    """List what the trail holds about a request; `page` is the run's on GitHub.

    What a person said is quoted once: with what became of it, where that is known.
    """
    settled = {
        str(it.detail.get("claim"))
        for it in entries
        if it.kind in ("override.refused", "override.recorded")
    }
    for entry in entries:
        is_told = str(entry.detail.get("claim")) in settled
        if not (entry.kind == "override.requested" and is_told):
            yield _event(entry, page)


def _event(entry: TrailEntry, page: str) -> Event:
    kind, detail = entry.kind, entry.detail
    if kind == "decision.made":
        return _decision(entry)
    if kind.startswith("override."):
        return _override(entry)
    if kind == "request.closed":
        return Event(entry.at, Mark.HOLD, close_phrase(entry.reason), url=page)
    subject, _, what = kind.partition(".")
    if subject in _CALLS:
        mark = Mark.PLAIN
        if subject == "review":
            mark = Mark.GREEN if detail.get("state") == "approved" else Mark.RED
            answer = "Approval" if detail.get("state") == "approved" else "Rejection"
            title = f"{answer} {_WENT.get(what, what)}"
        else:
            title = f"{_CALLS[subject]} {_WENT.get(what, what)}"
        return Event(entry.at, mark, title, lines=_outcome(entry), url=page)
    title, mark = _TITLES.get(kind, (kind.replace(".", " ").replace("_", " "), Mark.PLAIN))
    return Event(entry.at, mark, title, url=page)


_CALLS: Final = {
    "review": "Answer",
    "report": "Status report",
    "status": "Deployment status that tells of the override",
}
_WENT: Final = {
    "sent": "sent to GitHub",
    "landed": "found on GitHub, although its response was lost",
    "lost": "sent, but GitHub's response was lost",
    "refused": "refused by GitHub",
    "postponed": "postponed: GitHub did not take it",
}
_TITLES: Final = {
    "request.opened": ("Deployment asked for approval", Mark.HOLD),
    "request.adopted": ("Deployment found waiting, without its webhook", Mark.HOLD),
    "request.joined": ("Another job of the run asked", Mark.PLAIN),
    "request.reopened": ("Another job of the run asked, after the answer", Mark.HOLD),
    "bypass.detected": ("An administrator bypassed the gate", Mark.RED),
}


def _outcome(entry: TrailEntry) -> tuple[str, ...]:
    outcome = str(entry.detail.get("outcome") or "")
    return () if outcome in ("", "sent", "landed") else (outcome.replace("_", " "),)


_VERDICTS: Final = {
    Verdict.APPROVE: ("Approved", Mark.GREEN),
    Verdict.REJECT: ("Rejected", Mark.RED),
    Verdict.WAIT: ("On hold", Mark.HOLD),
}


def _decision(entry: TrailEntry) -> Event:
    """Describe a decision; one recorded in words that are not ours any more is shown in them."""
    said, reason = str(entry.detail.get("verdict")), entry.reason or ""
    word, mark = said, Mark.PLAIN
    if said in list(Verdict):
        word, mark = _VERDICTS[Verdict(said)]
    because = phrase(ReasonCode(reason)) if reason in list(ReasonCode) else reason
    if reason == ReasonCode.OVERRIDE:
        mark = Mark.OVERRIDE
    number = entry.detail.get("decision_id")
    return Event(entry.at, mark, f"{word}: {because}", source=f"decision {number}")


_CHANNELS: Final = {
    "review": "in the review",
    "environment": "by override workflow",
    "comment": "by comment",
}
_OVERRIDES: Final = {
    "override.requested": ("asked for", Mark.PLAIN),
    "override.recorded": ("accepted", Mark.OVERRIDE),
    "override.refused": ("refused", Mark.RED),
    "override.withdrawn": ("withdrawn", Mark.PLAIN),
}
_UNTOLD: Final = frozenset({"eligibility_unknown", "trigger_unknown"})
"""What the gate looks up only once nothing else is wrong: no news to anybody."""


def _override(entry: TrailEntry) -> Event:
    detail = entry.detail
    became, mark = _OVERRIDES.get(entry.kind, (entry.kind, Mark.PLAIN))
    where = _CHANNELS.get(str(detail.get("channel")), "")
    refusals = detail.get("refusals")
    faults = [it for it in refusals if isinstance(it, dict)] if isinstance(refusals, list) else []
    known = [it for it in faults if it.get("code") not in _UNTOLD] or faults
    lines = tuple(str(it.get("detail")) for it in known)
    if isinstance(detail.get("detail"), str):
        lines = (*lines, str(detail["detail"]))
    return Event(
        entry.at,
        mark,
        f"Override {became}: {entry.actor} {where}".rstrip(),
        quote=str(detail.get("rationale") or ""),
        lines=lines,
        url=str(detail.get("url") or ""),
    )


def incident_events(happened: Iterable[IncidentEvent], issue: str) -> Iterator[Event]:
    """List what people did about the incident, each linked to the incident's issue."""
    for event in happened:
        told = _incident(event)
        if told is not None:
            title, mark, quote = told
            yield Event(event.at, mark, title, quote, url=issue)


def _incident(event: IncidentEvent) -> tuple[str, Mark, str] | None:  # noqa: PLR0911 - a table
    match event.what:
        case Opened():
            return "Incident opened", Mark.RED, ""
        case Reopened():
            return "Incident reopened", Mark.RED, ""
        case Acknowledged():
            return f"{event.actor} acknowledged the incident", Mark.PLAIN, ""
        case Decided(course, why):
            return f"{event.actor} decided: {course}", Mark.PLAIN, why
        case Silenced(_, why):
            return f"{event.actor} paused the alerts", Mark.PLAIN, why
        case AlertLost(channel, _):
            return f"An alert did not reach {channel}", Mark.RED, ""
        case Resolved(how, why, _):
            return f"Incident resolved: {how.replace('_', ' ')}", Mark.GREEN, why
        case _:
            return None


def alert_events(traces: Iterable[AlertTrace]) -> Iterator[Event]:
    """Describe each alert, with what became of it on each channel."""
    by_key: dict[str, list[AlertTrace]] = {}
    for trace in traces:
        by_key.setdefault(trace.key, []).append(trace)
    for copies in by_key.values():
        lines = tuple(_delivery(it) for it in copies)
        first = copies[0]
        yield Event(first.planned_at, Mark.PLAIN, f"Alert: {first.kind}", lines=lines)


def _delivery(trace: AlertTrace) -> str:
    if trace.settled_at is not None and trace.state == "sent":
        took = max(0.0, (trace.settled_at - trace.planned_at).total_seconds())
        return f"{trace.channel}: sent after {took:.1f} s"
    outcome = (trace.outcome or "").replace("_", " ")
    return f"{trace.channel}: {trace.state}" + (f" ({outcome})" if outcome else "")
