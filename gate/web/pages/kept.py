"""Keep pages for a moment, so that many who watch the same page share one rendering.

A page belongs to an address and to what its readers may see, which is found out anew for each of
them. What is personal in its frame is left out, and put in for each reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from threading import Event, Lock
from time import monotonic
from typing import Final, NamedTuple

from gate.domain.model.access import Visible

MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of all kept pages together."""

OUTLIVED: Final = 10
"""Lifetimes after which a page is too old even while it is made anew, as on a busy machine."""

TURN_PATIENCE: Final = timedelta(milliseconds=250)
"""How long a page waits for others that are made."""

PATIENCE: Final = timedelta(seconds=5)
"""How long a reader waits for a page that another makes, before making it too."""


class Address(NamedTuple):
    """What was asked for, and what of it may be seen."""

    path: str
    query: bytes
    visible: Visible


@dataclass(frozen=True, slots=True)
class SharedPage:
    """A page up to the place of what is personal, and from there on."""

    before: bytes
    behind: bytes
    digest: bytes

    @classmethod
    def split(cls, text: str, mark: str) -> SharedPage:
        """Split a page at a mark that is in it once."""
        before, _, behind = text.partition(mark)
        digest = sha256(text.encode()).digest()
        return cls(before.encode(), behind.encode(), digest)

    @property
    def size(self) -> int:
        """Return the bytes it takes."""
        return len(self.before) + len(self.behind)


class _Kept(NamedTuple):
    page: SharedPage
    made_at: float


class KeptPages:
    """The pages that were made last; may be used by any number of threads."""

    def __init__(self, lifetime: timedelta, clock: Callable[[], float] = monotonic) -> None:
        """Keep each page for `lifetime`, and `OUTLIVED` times as long while it is made anew."""
        self._lifetime = lifetime.total_seconds()
        self._clock = clock
        self._pages: dict[Address, _Kept] = {}
        self._made: dict[Address, Event] = {}
        self._lock = Lock()
        self._turn = Lock()

    def find(self, address: Address) -> SharedPage | None:
        """Return a page that is still good; None tells the caller to make it.

        Of those who ask for a page that has grown old, one makes it anew and must `release` it. The
        others get the old page meanwhile, or wait where there is none: a page that takes long is
        not made many times at once, which would take longer still.
        """
        if not self._lifetime:
            return None
        with self._lock:
            kept = self._pages.get(address)
            age = self._clock() - kept.made_at if kept is not None else math.inf
            if kept is not None and age < self._lifetime:
                return kept.page
            made = self._made.get(address)
            if made is None:
                self._made[address] = Event()
                return None
            if kept is not None and age < self._lifetime * OUTLIVED:
                return kept.page
        made.wait(PATIENCE.total_seconds())
        with self._lock:
            kept = self._pages.get(address)
            return kept.page if kept is not None else None

    def keep(self, address: Address, page: SharedPage, made_at: float) -> None:
        """Keep a page whose making began at a time of `now`; not where there is no room for it."""
        if not self._lifetime:
            return
        with self._lock:
            oldest = self._clock() - self._lifetime * OUTLIVED
            self._pages = {at: it for at, it in self._pages.items() if it.made_at > oldest}
            self._pages.pop(address, None)
            taken = sum(it.page.size for it in self._pages.values())
            if taken + page.size <= MOST_BYTES:
                self._pages[address] = _Kept(page, made_at)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other page is made, but not long: several at once slow all else down."""
        is_ours = self._turn.acquire(timeout=TURN_PATIENCE.total_seconds())
        try:
            yield
        finally:
            if is_ours:
                self._turn.release()

    def release(self, address: Address) -> None:
        """Let others make a page, be it kept or not."""
        with self._lock:
            made = self._made.pop(address, None)
        if made is not None:
            made.set()

    def now(self) -> float:
        """Return the present reading of the clock."""
        return self._clock()
