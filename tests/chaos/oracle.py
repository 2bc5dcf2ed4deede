"""Judge a run by what is on record: GitHub's side, the alert channel's, and the audit trail.

Pure, and it knows nothing of the gate's database. `find_unsettled` needs only what is outside, so
it also tells when a run has come to rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.chaos.doubles import (
    doubled_comments,
    doubled_issues,
    doubled_reports,
    second_answers,
)
from tests.chaos.evidence import REASONS, final_standing, is_justified
from tests.chaos.records import Deployment, Entry, Record, Review

Rule = Callable[[Record], Iterable[str]]

_ANSWERED: Final = frozenset({"review.sent", "review.landed"})
_BY_EARLIER: Final = "answered_by_earlier_attempt"
_CALLS: Final = ("/page", "/escalation")


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept; `rule` names it, `what` says where."""

    rule: str
    what: str

    def __str__(self) -> str:
        """Return both on one line."""
        return f"{self.rule}: {self.what}"


def find_violations(record: Record) -> list[Violation]:
    """List every promise that the record shows broken; none where all is well."""
    return [*find_late(record), *_apply(_FOR_GOOD, record)]


def find_late(record: Record) -> list[Violation]:
    """List what may still be mended by waiting: what is owed, and what is not on record yet."""
    return _apply(_IN_TIME, record)


def find_unsettled(record: Record) -> list[str]:
    """List what is still owed: answers to deployments that may go on, and alerts."""
    return [*_owed_answers(record), *_owed_alerts(record)]


def _apply(rules: Mapping[str, Rule], record: Record) -> list[Violation]:
    return [Violation(name, what) for name, rule in rules.items() for what in rule(record)]


def _owed_answers(record: Record) -> Iterator[str]:
    for it in record.deployments:
        if it.waits and final_standing(record, it.repository) == "success":
            yield f"{_named(it)} waits although validation passed"


def _owed_alerts(record: Record) -> Iterator[str]:
    for name in record.repositories.values():
        standing = final_standing(record, name)
        keys = [it.key for it in record.alerts if it.repository.endswith(f"/{name}")]
        called = {_incident(key) for key in keys if any(call in key for call in _CALLS)}
        over = {_incident(key) for key in keys if "/recovery" in key}
        if standing == "failure" and not called:
            yield f"nobody was alerted that {name} fails"
        if standing == "success":
            yield from (f"nobody was told that {it} is over" for it in sorted(called - over))


def _answers(record: Record) -> Iterator[str]:
    for it in record.deployments:
        answers = _answers_of(record, it)
        if any(answer.state != "approved" for answer in answers):
            yield f"{_named(it)} was rejected"
        if len(answers) > it.asks:
            yield f"{_named(it)} was answered {len(answers)} times"
        elif len(answers) == it.asks and it.waits:
            yield f"{_named(it)} was answered and waits"
        elif len(answers) == it.asks and it.ended_by is not None:
            yield f"{_named(it)} was answered and {it.ended_by}"
        elif not answers and not it.waits and it.ended_by is None:
            yield f"{_named(it)} went on without an answer"


def _evidence(record: Record) -> Iterator[str]:
    for it in record.deployments:
        for answer in _answers_of(record, it):
            if answer.state == "approved" and not is_justified(record, answer, it.repository):
                yield f"{_named(it)} was approved at {answer.sent_at} without evidence or override"


def _waits(record: Record) -> Iterator[str]:
    reviewed = {it.run_id for it in record.human_reviews}
    for it in record.deployments:
        standing = final_standing(record, it.repository)
        if not it.waits or standing == "success":
            continue
        decisions = [one for one in _entries_of(record, it) if one.kind == "decision.made"]
        if not decisions:
            yield f"{_named(it)} waits and was never decided"
            continue
        last, wanted = decisions[-1], REASONS[standing]
        is_override = it.run_id in reviewed and str(last.reason).startswith("override_")
        if last.detail.get("verdict") != "wait" or not (last.reason == wanted or is_override):
            yield f"{_named(it)} waits for {last.reason}, but validation is {standing}"


def _trail(record: Record) -> Iterator[str]:
    for it in record.deployments:
        entries = _entries_of(record, it)
        noted = [one for one in entries if one.kind in _ANSWERED]
        # GitHub said that it had the answer already: one that was lost, or a late job's. And who
        # lost the lease after GitHub's answer leaves it to the next to record that it landed.
        known = {
            one.detail.get("effect_key")
            for one in noted
            if one.detail.get("outcome") != "already_reviewed"
        }
        answers = _answers_of(record, it)
        is_right = bool(noted) == bool(answers) and len(known) <= len(answers)
        if not is_right and not _is_explained(record, it):
            yield f"{_named(it)} has {len(answers)} answers and {len(noted)} on record"
        decided = [one.sequence for one in entries if one.detail.get("verdict") == "approve"]
        if noted and not (decided and decided[0] < noted[0].sequence):
            yield f"{_named(it)} was answered before it was decided"


def _overrides(record: Record) -> Iterator[str]:
    for it in record.deployments:
        entries = _entries_of(record, it)
        for noted in (one for one in entries if one.kind in _ANSWERED and one.reason == "override"):
            recorded = [one.sequence for one in entries if one.kind == "override.recorded"]
            if not recorded or recorded[0] > noted.sequence:
                yield f"{_named(it)} was released before its override was on record"


def _ends(record: Record) -> Iterator[str]:
    for it in record.deployments:
        kinds = {one.kind for one in _entries_of(record, it)}
        is_known = bool(kinds & {"request.opened", "request.adopted"})
        wanted = "bypass.detected" if it.ended_by == "bypassed" else "request.closed"
        is_told = wanted in kinds or _is_explained(record, it)
        if it.ended_by is not None and is_known and not is_told:
            yield f"{_named(it)} was {it.ended_by}, and {wanted} is not on record"


def _is_explained(record: Record, deployment: Deployment) -> bool:
    """Return whether nobody could tell that an answer on record was taken for something else.

    A review that was lost may have been what ended the wait. And a review names no attempt: one
    that was sent for an attempt releases the next, where that has begun meanwhile.
    """
    entries = _entries_of(record, deployment)
    count = len(_answers_of(record, deployment))
    noted = sum(one.kind in _ANSWERED for one in entries)
    if count == 0 and noted:
        was_lost = any(one.detail.get("outcome") == "outcome_unknown" for one in entries)
        return (deployment.ended_by is not None and was_lost) or _went_over(
            record, deployment.run_id, deployment.attempt + 1
        )
    return count == 1 and not noted and _went_over(record, deployment.run_id, deployment.attempt)


def _went_over(record: Record, run_id: int, attempt: int) -> bool:
    """Return whether an attempt is on record as released by the approval of one before."""
    return any(
        (one.run_id, one.attempt, one.reason) == (run_id, attempt, _BY_EARLIER)
        for one in record.entries
    ) and any(
        one.run_id == run_id and (one.attempt or 0) < attempt and one.kind in _ANSWERED
        for one in record.entries
    )


def _alerts(record: Record) -> Iterator[str]:
    copies = Counter(it.key for it in record.alerts)
    lost = Counter(it.key for it in record.alerts if it.answer_lost)
    for key, count in copies.items():
        if count > 1 + lost[key] + bool(record.disturbances):
            yield f"{key} was sent {count} times, {lost[key]} of them unanswered"


def _alerts_on_record(record: Record) -> Iterator[str]:
    """Compare what the trail says was told with what the channel has received."""
    received = {_incident(it.key) for it in record.alerts}
    for it in record.entries:
        incident = f"incident/{it.detail.get('incident_id')}"
        if it.kind == "incident.alerted" and incident not in received:
            yield f"people were alerted of {incident} on record, and the channel received nothing"


def _checks(record: Record) -> Iterator[str]:
    for it in record.checks:
        if it.status != 0:
            yield f"`{it.command}` exits {it.status}: {it.said.strip()[-400:]}"


def _answers_of(record: Record, deployment: Deployment) -> list[Review]:
    key = deployment.run_id, deployment.attempt
    return [it for it in record.reviews if (it.run_id, it.attempt) == key and it.state is not None]


def _entries_of(record: Record, deployment: Deployment) -> list[Entry]:
    key = deployment.run_id, deployment.attempt
    return [it for it in record.entries if (it.run_id, it.attempt) == key]


def _incident(key: str) -> str:
    return "/".join(key.split("/")[:2])


def _named(deployment: Deployment) -> str:
    return f"run {deployment.run_id} of {deployment.repository}"


_IN_TIME: Final[Mapping[str, Rule]] = {
    "unsettled": find_unsettled,
    "wait with a true reason": _waits,
    "answer on record": _trail,
    "end on record": _ends,
}
_FOR_GOOD: Final[Mapping[str, Rule]] = {
    "answer once": _answers,
    "answer with evidence": _evidence,
    "override before release": _overrides,
    "alert once": _alerts,
    "alert on record": _alerts_on_record,
    "no second answer": second_answers,
    "report once": doubled_reports,
    "comment once": doubled_comments,
    "issue once": doubled_issues,
    "record intact": _checks,
}
