"""Decide when an absence is believed of something that was there.

GitHub says 404, or lists nothing, not only of what is gone. A policy or a listing that was there is
missed at once and believed gone only when it was missed twice, with a pause in between. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

CONFIRMED_AFTER: Final = timedelta(seconds=30)
"""How long after the first sighting of an absence the second one counts."""


def is_believed(absent_since: datetime | None, seen_at: datetime) -> bool:
    """Return whether an absence that is seen at `seen_at` was seen long enough ago already."""
    return absent_since is not None and seen_at - absent_since >= CONFIRMED_AFTER
