"""Remember which of a channel's targets accepted which alert, so that a retry skips them.

Only this process remembers: after a restart, or from another node, a target may get an alert twice,
with the same key. A target that lacks the alert is never skipped.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

MOST_ALERTS: Final = 1000


class AcceptedTargets:
    """The targets that accepted each of the latest alerts; safe from any thread."""

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._targets: Final[OrderedDict[str, frozenset[int]]] = OrderedDict()

    def by(self, key: str) -> frozenset[int]:
        """Return the numbers of the targets that accepted the alert with this key."""
        with self._lock:
            return self._targets.get(key, frozenset())

    def record(self, key: str, target: int) -> None:
        """Record that a target accepted it; the oldest alert is dropped when there are too many."""
        with self._lock:
            self._targets[key] = self._targets.get(key, frozenset()) | {target}
            self._targets.move_to_end(key)
            if len(self._targets) > MOST_ALERTS:
                self._targets.popitem(last=False)
