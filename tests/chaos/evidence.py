"""What GitHub's record says about validations: how one stands, and whether it justified an answer.

Pure. Times are GitHub's own; a node's clock plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from tests.chaos.records import Record, Review, Validation

SLACK: Final = timedelta(seconds=8)
"""How long the gate may still send what it decided before it was told otherwise: five seconds
(docs/adr/0018), and the reading of what it was told."""

MISSING: Final = "missing"
RUNNING: Final = "running"

_BY_HARM: Final = ("failure", "cancelled", RUNNING, "success")
"""Of validations that began in the same second the worst counts."""

REASONS: Final = {
    "failure": "validation_failed",
    "cancelled": "validation_inconclusive",
    RUNNING: "validation_running",
    MISSING: "validation_missing",
}
"""What the gate says about a deployment that waits, by how the newest validation stands."""


def validations_of(record: Record, repository: str) -> list[Validation]:
    """List a repository's validations."""
    return [it for it in record.validations if it.repository == repository]


def final_standing(record: Record, repository: str) -> str:
    """Return how the newest validation of a repository stands at the end."""
    found = validations_of(record, repository)
    if not found:
        return MISSING
    newest = max(it.started_at for it in found)
    standings = [it.conclusion or RUNNING for it in found if it.started_at == newest]
    return min(standings, key=_BY_HARM.index)


def is_justified(record: Record, review: Review, repository: str) -> bool:
    """Return whether the gate could send an approval on what GitHub had told it.

    It could if a validation had passed, and until shortly before nobody had told the gate of a
    newer one; or if a reviewer had overridden this very run with all that is asked.
    """
    if any(
        it.run_id == review.run_id and it.complete and it.at <= review.sent_at
        for it in record.human_reviews
    ):
        return True
    return any(_justifies(record, it, review.sent_at) for it in validations_of(record, repository))


def _justifies(record: Record, validation: Validation, sent_at: datetime) -> bool:
    ended = validation.ended_at
    if validation.conclusion != "success" or ended is None or ended > sent_at:
        return False
    since = max(sent_at - SLACK, ended)
    newer = (
        it.run_id
        for it in validations_of(record, validation.repository)
        if it.run_id != validation.run_id and it.started_at >= validation.started_at
    )
    return all(at > since for at in _first_told(record, newer))


def _first_told(record: Record, runs: Iterable[int]) -> list[datetime]:
    """List when the gate first acknowledged each of these validations that it was told of."""
    wanted = set(runs)
    told: dict[int, datetime] = {}
    for it in record.told:
        if it.run_id in wanted:
            told[it.run_id] = min(it.acknowledged_at, told.get(it.run_id, it.acknowledged_at))
    return list(told.values())
