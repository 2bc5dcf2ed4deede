"""Remember which of a channel's targets took which alert, so that another try spares them.

Kept by this process alone: after a restart, or by another node, a target may get an alert again
that it had, under the same key. Never may one that did not get it be left out.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

MOST_ALERTS: Final = 1000


class Taken:
    """The targets that took each of the latest alerts; safe from any thread."""

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._targets: Final[OrderedDict[str, frozenset[int]]] = OrderedDict()

    def by(self, key: str) -> frozenset[int]:
        """Give the numbers of the targets that took the alert of this key."""
        with self._lock:
            return self._targets.get(key, frozenset())

    def record(self, key: str, target: int) -> None:
        """Note that a target took it; the oldest alert is forgotten when there are too many."""
        with self._lock:
            self._targets[key] = self._targets.get(key, frozenset()) | {target}
            self._targets.move_to_end(key)
            if len(self._targets) > MOST_ALERTS:
                self._targets.popitem(last=False)
