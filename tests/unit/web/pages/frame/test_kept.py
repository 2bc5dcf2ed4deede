"""Pages are kept for a moment: how long, how many, and who waits for them."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import timedelta

import pytest

from gate.bootstrap.web import WEB_THREADS
from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.web.pages.frame import kept
from gate.web.pages.frame.kept import Address, KeptPages, Making, PageBusy, SharedPage, address_of
from gate.web.sign_in.waits import MOST

ENOUGH = timedelta(seconds=20)
SECOND = timedelta(seconds=1)
BOARD = address_of("/", b"", EVERYTHING)
STATUS = address_of("/status", b"", EVERYTHING)
PAGE = SharedPage.split("<p>by MARK.</p>", "MARK")


class Clock:
    """A clock that stands until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Provide a clock of the test's own."""
    return Clock()


@pytest.fixture
def pages(clock: Clock) -> KeptPages:
    """Cache pages for a second of that clock."""
    return KeptPages(SECOND, clock)


def begin(pages: KeptPages, address: Address = BOARD) -> Making:
    """Begin to make a page, which nobody makes yet."""
    making = pages.find(address)
    assert isinstance(making, Making)
    return making


def make(pages: KeptPages, address: Address = BOARD) -> None:
    """Make a page."""
    making = begin(pages, address)
    making.page = PAGE
    pages.finish(making)


def is_kept(pages: KeptPages, address: Address) -> bool:
    """Return whether a page is there; one that is not is gone for good."""
    found = pages.find(address)
    if isinstance(found, Making):
        pages.finish(found)
    return found is PAGE


def test_a_page_is_kept_for_its_lifetime(pages: KeptPages, clock: Clock) -> None:
    """Counted from when its making began."""
    making = begin(pages)
    making.page = PAGE
    clock.now = 100.5
    pages.finish(making)
    clock.now = 100.9
    assert pages.find(BOARD) is PAGE
    clock.now = 101.0
    begin(pages)


def test_one_reader_makes_it_anew(pages: KeptPages, clock: Clock) -> None:
    """The others get the old one meanwhile, but for so long only."""
    make(pages)
    clock.now += 1
    making = begin(pages)
    assert [pages.find(BOARD) for _ in range(2)] == [PAGE, PAGE]
    clock.now += kept.OUTLIVED - 1.1
    assert pages.find(BOARD) is PAGE
    newer = making.page = SharedPage.split("<p>by MARK?</p>", "MARK")
    making.began_at = clock.now
    pages.finish(making)
    assert pages.find(BOARD) is newer


def test_a_page_of_which_nothing_comes_any_more_is_gone(
    pages: KeptPages, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it showed may not be there any longer."""
    monkeypatch.setattr(kept, "MOST_WAITING", 0)
    make(pages)
    clock.now += 1
    pages.finish(begin(pages))
    begin(pages)
    with pytest.raises(PageBusy):
        pages.find(BOARD)


def wait_for(pages: KeptPages, threads: ThreadPoolExecutor) -> list[Future[SharedPage | Making]]:
    """Have as many wait for the board as may; the one too many, who is sent away, proves it."""
    others = [threads.submit(pages.find, BOARD) for _ in range(kept.MOST_WAITING + 1)]
    refused = next(as_completed(others, timeout=10))
    assert isinstance(refused.exception(), PageBusy)
    others.remove(refused)
    assert not any(it.done() for it in others)
    return others


def test_who_comes_while_a_page_is_made_waits_for_it(
    pages: KeptPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But few do, because each takes a thread, of however many pages."""
    monkeypatch.setattr(kept, "PATIENCE", ENOUGH)
    making, other = begin(pages), begin(pages, STATUS)
    with ThreadPoolExecutor() as threads:
        others = wait_for(pages, threads)
        with pytest.raises(PageBusy):
            pages.find(STATUS)
        making.page = PAGE
        pages.finish(making)
        assert [it.result(10) for it in others] == [PAGE] * kept.MOST_WAITING
        pages.finish(other)
        making = begin(pages, STATUS)
        waiting = threads.submit(pages.find, STATUS)
        making.page = PAGE
        pages.finish(making)
        assert waiting.result(10) is PAGE


def test_who_waited_in_vain_gets_no_old_page(
    pages: KeptPages, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tries alone, and what they make replaces nothing that another makes meanwhile."""
    monkeypatch.setattr(kept, "PATIENCE", ENOUGH)
    make(pages)
    clock.now += 3_600
    making = begin(pages)
    with ThreadPoolExecutor() as threads:
        others = wait_for(pages, threads)
        pages.finish(making)
        found = [it.result(10) for it in others]
    newer = begin(pages)
    for other in found:
        assert isinstance(other, Making)
        other.page = PAGE
        pages.finish(other)
    with ThreadPoolExecutor() as threads:
        others = wait_for(pages, threads)
        newer.page = SharedPage.split("<p>by MARK?</p>", "MARK")
        pages.finish(newer)
        assert [it.result(10) for it in others] == [newer.page] * kept.MOST_WAITING


def test_nobody_waits_long(pages: KeptPages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would make it no faster."""
    monkeypatch.setattr(kept, "PATIENCE", timedelta(milliseconds=1))
    making = begin(pages)
    for _ in range(kept.MOST_WAITING + 1):
        with pytest.raises(PageBusy):
            pages.find(BOARD)
    making.page = PAGE
    pages.finish(making)
    assert pages.find(BOARD) is PAGE


def test_some_threads_wait_for_nothing() -> None:
    """Neither for GitHub nor for a page."""
    assert MOST + kept.MOST_WAITING < WEB_THREADS


def test_one_page_is_made_at_a_time(pages: KeptPages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next has its turn when the one before is made."""
    monkeypatch.setattr(kept, "TURN_PATIENCE", timedelta(seconds=10))

    def make() -> bool:
        with pages.turn():
            return True

    with ThreadPoolExecutor() as threads:
        with pages.turn():
            other = threads.submit(make)
            with pytest.raises(TimeoutError):
                other.result(0.05)
        assert other.result(10)


def test_no_page_waits_long(pages: KeptPages, monkeypatch: pytest.MonkeyPatch) -> None:
    """For one that takes its time, as while the database is out of reach."""
    monkeypatch.setattr(kept, "TURN_PATIENCE", timedelta(milliseconds=1))
    with pages.turn():
        with pages.turn():
            pass
        with pages.turn():
            pass


def test_nothing_is_kept_without_a_lifetime(clock: Clock) -> None:
    """And nobody waits."""
    pages = KeptPages(timedelta(), clock)
    make(pages)
    for _ in range(2):
        begin(pages)


@pytest.mark.parametrize(
    "other",
    [
        STATUS,
        address_of("/", b"wall=1", EVERYTHING),
        address_of("/", b"", NOTHING),
        address_of("/", b"", Visible(frozenset({RepositoryId(1)}))),
    ],
    ids=["path", "query", "nothing", "one repository"],
)
def test_another_address_is_another_page(pages: KeptPages, other: Address) -> None:
    """Also where only what may be seen differs."""
    make(pages)
    begin(pages, other)


def test_the_same_rights_are_the_same_address() -> None:
    """In whatever order they were read; it takes no more room for many repositories."""
    # Both fall into one place of a set's table, so their order depends on which came first.
    ids = [RepositoryId(8), RepositoryId(0)]
    ones = [Visible(frozenset(it)) for it in (ids, ids[::-1])]
    assert [list(it.repositories or ()) for it in ones] == [ids, ids[::-1]]
    addresses = {address_of("/", b"", it) for it in ones}
    assert len(addresses) == 1
    many = Visible(frozenset(RepositoryId(it) for it in range(5_000)))
    assert len(address_of("/", b"", many)) == len(addresses.pop())


@pytest.mark.parametrize(
    ("limit", "room"), [("MOST_BYTES", 2 * PAGE.size), ("MOST_PAGES", 2)], ids=["bytes", "pages"]
)
def test_the_oldest_page_makes_room(
    pages: KeptPages, limit: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So whoever asks for many pages does not keep those that others ask for from being shared."""
    monkeypatch.setattr(kept, limit, room)
    other = address_of("/", b"name=shop", EVERYTHING)
    for address in (BOARD, STATUS, other):
        make(pages, address)
    assert [is_kept(pages, it) for it in (BOARD, STATUS, other)] == [False, True, True]


def test_a_page_made_anew_takes_room_once(
    pages: KeptPages, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the newest by then."""
    monkeypatch.setattr(kept, "MOST_BYTES", 2 * PAGE.size)
    make(pages, BOARD)
    clock.now += 1
    make(pages, STATUS)
    for _ in range(3):
        make(pages, BOARD)
        clock.now += 1
    clock.now -= 1
    make(pages, address_of("/", b"name=shop", EVERYTHING))
    assert is_kept(pages, BOARD)


def test_the_digest_is_that_of_what_is_read() -> None:
    """Each process has a mark of its own, and a browser asks now one and now another."""
    page = SharedPage.split("<p>by OTHER.</p>", "OTHER")
    assert page == PAGE
    assert SharedPage.split("<p>MARKby .</p>", "MARK").digest != page.digest
