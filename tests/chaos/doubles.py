"""Find what the gate said twice: answers, status reports, comments and issues.

Pure. One more is allowed where the gate could not know what became of the first: GitHub's answer
was lost, or the node was disturbed around then (docs/adr/0018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tests.chaos.records import Deployment, Record, Review, Written

LONGEST_CALL: Final = timedelta(seconds=30)
"""How long a call is under way at most, GitHub's slowest answer and the noting of it included."""

_INCIDENT: Final = "incident.opened"


def second_answers(record: Record) -> Iterator[str]:
    """Name each run that was sent an answer again, and GitHub refused it, without an excuse.

    An excuse is a job that came later or with others, an attempt before that the answer may have
    been meant for, an answer that was lost, and a disturbance since the run asked; each is good
    for one.
    """
    for it in record.deployments:
        taken = [one for one in _reviews_of(record, it) if one.state is not None]
        if not taken:
            continue
        first = min(one.at for one in taken)
        excuses = it.jobs - 1 + (it.attempt > 1)
        again = sorted(
            one.sent_at
            for one in record.refused
            if (one.run_id, one.attempt) == (it.run_id, it.attempt) and one.at > first
        )
        for count, at in enumerate(again, 1):
            lost = sum(one.answer_lost and one.at <= at for one in taken)
            if count > excuses + lost + _disturbances(record, it.asked_at, at):
                yield f"{_named(it)} was answered at {first}, and {count} times again until {at}"
                break


def doubled_reports(record: Record) -> Iterator[str]:
    """Name each deployment that was told the same again, right after it had been told.

    What was said before another report may be said anew. A job that came later, or with others,
    is told for itself.
    """
    for it in record.deployments:
        told = [one for one in _reviews_of(record, it) if one.state is None]
        again: dict[str, list[tuple[Review, Review]]] = defaultdict(list)
        for before, after in pairwise(sorted(told, key=lambda one: one.at)):
            if before.comment == after.comment:
                again[before.comment].append((before, after))
        for pairs in again.values():
            is_excused = any(
                before.answer_lost
                or _disturbances(record, before.sent_at - LONGEST_CALL, after.sent_at)
                for before, after in pairs
            )
            if len(pairs) > it.jobs - 1 + is_excused:
                yield f"{_named(it)} was told the same {len(pairs) + 1} times"


def doubled_comments(record: Record) -> Iterator[str]:
    """Name each reply and each remark that was written again.

    A node that goes on with what another has begun looks for the mark first. So one more is
    excused only where nodes were disturbed around the first.
    """
    for (repository, mark), copies in _by_mark(record.comments):
        if not mark:
            yield f"{repository} has {len(copies)} comments of the gate without a mark"
            continue
        first = min(it.at for it in copies)
        allowed = 1 + bool(_disturbances(record, first - LONGEST_CALL, first + LONGEST_CALL))
        if len(copies) > allowed:
            yield f"{repository} has {len(copies)} comments that are {mark}"


def doubled_issues(record: Record) -> Iterator[str]:
    """Name each incident with more than one issue, and each issue of no incident: no excuse."""
    known = {
        (record.repositories.get(it.repository_id or 0), f"incident/{it.detail.get('incident_id')}")
        for it in record.entries
        if it.kind == _INCIDENT
    }
    for (repository, mark), copies in _by_mark(record.issues):
        if (repository, mark) not in known:
            yield f"{repository} has an issue of the gate for {mark or 'nothing'}, no incident"
        elif len(copies) > 1:
            yield f"{repository} has {len(copies)} issues for {mark}"


def _by_mark(written: Iterable[Written]) -> Iterable[tuple[tuple[str, str], list[Written]]]:
    found: dict[tuple[str, str], list[Written]] = defaultdict(list)
    for it in written:
        found[it.repository, it.mark].append(it)
    return found.items()


def _disturbances(record: Record, since: datetime, until: datetime) -> int:
    return sum(since <= at <= until for at in record.disturbances)


def _reviews_of(record: Record, deployment: Deployment) -> list[Review]:
    key = deployment.run_id, deployment.attempt
    return [it for it in record.reviews if (it.run_id, it.attempt) == key]


def _named(deployment: Deployment) -> str:
    return f"run {deployment.run_id} of {deployment.repository}"
