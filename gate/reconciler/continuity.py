"""Remember since when no webhook can have been lost on our side.

Facts come with webhooks, so what is stored is trusted only for as long as every delivery could be
taken: from the start of this process, or from the last time a delivery had to be refused because
it could not be stored.
"""

from __future__ import annotations

from datetime import datetime


class Continuity:
    """Hold the instant since which webhooks have been received without a gap; thread-safe.

    A single reference is read and replaced, which CPython does atomically.
    """

    def __init__(self, since: datetime) -> None:
        """Begin at the start of the process."""
        self._since = since

    @property
    def since(self) -> datetime:
        """Return the instant since which nothing was lost."""
        return self._since

    def record_gap(self, at: datetime) -> None:
        """Note that a delivery could not be stored at `at`."""
        self._since = max(self._since, at)
