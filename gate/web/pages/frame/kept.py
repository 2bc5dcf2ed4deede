"""Cache pages for a moment, so that many who watch the same page share one rendering.

A page belongs to an address and to what its readers may see, which is found out anew for each of
them. What is personal in its frame is left out, and put in for each reader.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from threading import Event, Lock
from time import monotonic
from typing import Final, NamedTuple, NewType

from werkzeug.exceptions import ServiceUnavailable

from gate.domain.model.access import Visible

MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of all kept pages together."""

MOST_PAGES: Final = 1_000
"""Kept pages, however small."""

OUTLIVED: Final = 10
"""Lifetimes after which a page is too old even while it is made anew, as on a busy machine."""

TURN_PATIENCE: Final = timedelta(milliseconds=250)
"""How long a page waits for others that are made."""

MOST_WAITING: Final = 4
"""Readers who wait for pages that others make; each holds a thread of the web edge."""

PATIENCE: Final = timedelta(seconds=5)
"""How long a reader waits for a page that another makes, before being sent away."""

Address = NewType("Address", bytes)
"""A digest of what was asked for and of what may be seen: a list of repositories may be long."""


def address_of(path: str, query: bytes, visible: Visible) -> Address:
    """Return the address of a page as those see it who may see the same repositories."""
    asked = repr((path, query, visible.repositories is None)).encode()
    seen = array("q", sorted(visible.repositories or ())).tobytes()
    return Address(sha256(asked + seen).digest())


class PageBusy(ServiceUnavailable):
    """Another request makes the page, and waiting for it would take a thread from other work."""

    description = (
        "The gate is busy: it renders this page for another request. Reload it in five seconds."
    )

    def __init__(self) -> None:
        """Ask the browser to come back when the page is likely to be there."""
        super().__init__(retry_after=5)


@dataclass(frozen=True, slots=True)
class SharedPage:
    """A page up to the place of what is personal, and from there on."""

    before: bytes
    behind: bytes
    digest: bytes

    @classmethod
    def split(cls, text: str, mark: str) -> SharedPage:
        """Split a page at a mark that is in it once; the digest does not depend on the mark."""
        before, _, behind = (it.encode() for it in text.partition(mark))
        return cls(before, behind, sha256(before + b"\0" + behind).digest())

    @property
    def size(self) -> int:
        """Return the bytes it takes."""
        return len(self.before) + len(self.behind)


@dataclass(eq=False, slots=True)
class Making:
    """The making of a page since a time; `page` is what came of it, None where nothing did."""

    address: Address
    began_at: float
    page: SharedPage | None = None
    finished: Event = field(default_factory=Event)


class _Kept(NamedTuple):
    page: SharedPage
    made_at: float


class KeptPages:
    """The pages that were made last; may be used by any number of threads."""

    def __init__(self, lifetime: timedelta, clock: Callable[[], float] = monotonic) -> None:
        """Cache each page for `lifetime`, and `OUTLIVED` times as long while it is made anew."""
        self._lifetime = lifetime.total_seconds()
        self._clock = clock
        self._pages: dict[Address, _Kept] = {}
        self._size = 0
        self._makings: dict[Address, Making] = {}
        self._waiting = 0
        self._lock = Lock()
        self._turn = Lock()

    def find(self, address: Address) -> SharedPage | Making:
        """Return a page that is still good, or its making, which the caller must `finish`.

        Of those who ask for a page that has grown old, one makes it anew. The others get the old
        page meanwhile, or wait where there is none: a page that takes long is not made many times
        at once, which would take longer still. Raises PageBusy for those for whom there is no
        room, or no page in time. Where nothing came of the making, each of them tries alone.
        """
        with self._lock:
            now = self._clock()
            page, made_at = self._pages.get(address, (None, now))
            if page is not None and now < made_at + self._lifetime:
                return page
            making = self._makings.get(address)
            if making is None:
                return self._begin(address, now)
            if page is not None and now < made_at + self._lifetime * OUTLIVED:
                return page
            if self._waiting == MOST_WAITING:
                raise PageBusy
            self._waiting += 1
        is_finished = making.finished.wait(PATIENCE.total_seconds())
        with self._lock:
            self._waiting -= 1
        if not is_finished:
            raise PageBusy
        return making.page or Making(address, self._clock())

    def finish(self, making: Making) -> None:
        """Store the page that was made, in place of the one before, and let others have it."""
        with self._lock:
            if self._makings.get(making.address) is making:
                del self._makings[making.address]
                self._replace(making)
        making.finished.set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other page is made, but not long: several at once slow all else down."""
        is_ours = self._turn.acquire(timeout=TURN_PATIENCE.total_seconds())
        try:
            yield
        finally:
            if is_ours:
                self._turn.release()

    def _begin(self, address: Address, now: float) -> Making:
        making = Making(address, now)
        if self._lifetime:
            self._makings[address] = making
        return making

    def _replace(self, making: Making) -> None:
        """Drop the page before, and the oldest ones as far as the new one needs their room."""
        self._drop(making.address)
        if making.page is None:
            return
        self._pages[making.address] = _Kept(making.page, making.began_at)
        self._size += making.page.size
        while self._size > MOST_BYTES or len(self._pages) > MOST_PAGES:
            self._drop(next(iter(self._pages)))

    def _drop(self, address: Address) -> None:
        kept = self._pages.pop(address, None)
        if kept is not None:
            self._size -= kept.page.size
