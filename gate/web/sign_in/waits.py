"""Bound how many requests hold a thread of the web edge while GitHub answers.

GitHub may take seconds, and everything else of the gate needs threads meanwhile: webhooks, health,
and pages of people whose rights are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

MOST: Final = 8
"""Requests that wait for GitHub at once, whoever sends them: half of the threads stay free."""

MOST_OF_PERSON: Final = 3
"""Requests of one person among them, so that nobody's tabs and browsers stop anybody else."""

MOST_SIGN_INS: Final = 4
"""Sign-ins among them: strangers begin those."""


class Waits:
    """The requests of one process that wait for GitHub; any thread may use it."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = Lock()
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def hold(self, whose: Hashable, most: int) -> Iterator[bool]:
        """Count a request while the context lasts; yield False where there is no room for it.

        There may be `most` of the same `whose`, and `MOST` in all.
        """
        with self._lock:
            has_room = self._held[whose] < most and self._held.total() < MOST
            self._held[whose] += has_room
        try:
            yield has_room
        finally:
            with self._lock:
                self._held[whose] -= has_room
                # What nobody holds takes no memory.
                self._held += Counter()
