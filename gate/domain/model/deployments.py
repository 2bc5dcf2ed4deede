"""Compare the states of a deployment, and stand in for one that is missing.

Pure. GitHub tells times in whole seconds, and a deployment that is let go on may pass through two
states in one; webhooks of the two arrive in any order.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final

from gate.domain.model.ids import DeliveryId, DeploymentId

_STAND_IN_BYTES: Final = 6

_PROGRESS: Final = {
    "waiting": 1,
    "pending": 2,
    "queued": 3,
    "in_progress": 4,
    "success": 5,
    "failure": 6,
    "error": 7,
    "inactive": 8,
}
_UNKNOWN_PROGRESS: Final = 0


def is_later(state: str, at: datetime, known: str, known_at: datetime) -> bool:
    """Return whether a state is newer than the known one, whichever was seen first.

    In the same instant the one that is further along is the later. An unknown state is the earlier
    one, since nothing follows from it.
    """
    return _rank(state, at) > _rank(known, known_at)


def stand_in(delivery_id: DeliveryId) -> DeploymentId:
    """Make an id for a job that asks without a deployment, by the delivery that asked.

    It is below zero, where GitHub numbers nothing. A redelivery keeps its id and makes the same.
    """
    digest = sha256(delivery_id.encode()).digest()
    return DeploymentId(-1 - int.from_bytes(digest[:_STAND_IN_BYTES]))


def _rank(state: str, at: datetime) -> tuple[datetime, int, str]:
    """Order states; the last element only makes the order total."""
    return at, _PROGRESS.get(state, _UNKNOWN_PROGRESS), state
