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
from gate.domain.incidents.alerts.outcome import describe_alert
from gate.domain.incidents.events import IncidentEvent
from gate.domain.incidents.story import tell as tell_incident
from gate.domain.model.ids import RequestId, RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decision import ReasonCode, Verdict
from gate.domain.requests.explanation.flow_lines import describe_flows
from gate.domain.requests.explanation.phrases import close_phrase, phrase

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
    attempts: int
    outcome: str | None
    maybe_sent: bool


@dataclass(frozen=True, slots=True)
class SeenEvidence:
    """Evidence as a decision saw it; `at` is the time of that decision."""

    at: datetime
    evidence: Evidence


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


def validation_events(seen: Sequence[SeenEvidence]) -> Iterator[Event]:
    """Describe each validation that decisions rested on, as it was seen last.

    No event is later than the decision that saw it first, even where GitHub's clock is ahead of
    the gate's: a cause stands before what it caused.
    """
    newest: dict[tuple[RunId, int], tuple[Evidence, WorkflowRun]] = {}
    first_seen: dict[tuple[RunId, int, bool], datetime] = {}
    for at, evidence in ((it.at, it.evidence) for it in seen):
        if (run := evidence.run) is not None:
            newest[run.run_id, run.run_attempt] = evidence, run
            first_seen.setdefault((run.run_id, run.run_attempt, run.is_completed), at)
    for (run_id, attempt), (evidence, run) in newest.items():
        yield _validation(evidence, run, first_seen[run_id, attempt, run.is_completed])


def _validation(evidence: Evidence, run: WorkflowRun, seen_at: datetime) -> Event:
    attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
    name = f"Validation run {run.run_id}{attempt}"
    flows, more = describe_flows(evidence)
    lines = (*flows, f"and {more} more flows") if more else tuple(flows)
    if not run.is_completed:
        at = min(run.started_at, seen_at)
        return Event(at, Mark.PLAIN, f"{name} started", "", lines, run.html_url)
    ended = (run.conclusion or "ended").replace("_", " ")
    mark = _STATE_MARKS.get(evidence.state, Mark.HOLD)
    at = min(run.updated_at, seen_at)
    return Event(at, mark, f"{name} ended: {ended}", "", lines, run.html_url)


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
    verdict = None
    # Of one instant, what people did stands before the decision that it led to.
    for entry in sorted(entries, key=lambda it: (it.at, it.kind == _DECIDED)):
        is_told = str(entry.detail.get("claim")) in settled
        if entry.kind == _DECIDED:
            before, verdict = verdict, (entry.detail.get("verdict"), entry.reason)
            yield _decision(entry, is_repeated=verdict == before)
        elif not (entry.kind == "override.requested" and is_told):
            yield _event(entry, page)


_DECIDED: Final = "decision.made"


def _event(entry: TrailEntry, page: str) -> Event:
    kind, detail = entry.kind, entry.detail
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
    "status": "Deployment status with the override",
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


def _decision(entry: TrailEntry, *, is_repeated: bool) -> Event:
    """Describe a decision; one recorded in words that are not ours any more is shown in them.

    A repeated one has the verdict and the main reason of the one before it.
    """
    said, reason = str(entry.detail.get("verdict")), entry.reason or ""
    word, mark = said, Mark.PLAIN
    if said in list(Verdict):
        word, mark = _VERDICTS[Verdict(said)]
    because = phrase(ReasonCode(reason)) if reason in list(ReasonCode) else reason
    if reason == ReasonCode.OVERRIDE:
        mark = Mark.OVERRIDE
    if is_repeated:
        word = f"Still {word[:1].lower()}{word[1:]}"
    number = entry.detail.get("decision_id")
    return Event(entry.at, mark, f"{word}: {because}", source=f"decision {number}")


_CHANNELS: Final = {
    "review": "in the review",
    "environment": "by the override workflow",
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
        f"Override by {entry.actor} {became}",
        quote=str(detail.get("rationale") or ""),
        lines=lines,
        url=str(detail.get("url") or ""),
        source=where,
    )


def incident_events(happened: Iterable[IncidentEvent], request: RequestId) -> Iterator[Event]:
    """Describe what happened to the incident; an override of this request, its own trail has."""
    for told in map(tell_incident, happened):
        if told.request != request:
            title = f"{told.actor} {told.text}" if told.actor else told.text
            yield Event(told.at, Mark(told.mark), title, told.quote, url=told.url)


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
    became = describe_alert(trace.state, trace.outcome, trace.attempts, maybe_sent=trace.maybe_sent)
    told = f"{trace.channel}: {became.word}"
    if trace.settled_at is not None and trace.state == "sent":
        took = max(0.0, (trace.settled_at - trace.planned_at).total_seconds())
        return f"{told} after {took:.1f} s"
    return f"{told}, {became.reason}" if became.reason else told
