"""Pages are kept for a moment, for those who may see the same, and nobody sees more by it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.store.github.repositories import record_repository
from gate.web.app import create_app
from gate.web.pages import kept
from gate.web.pages.kept import Address, KeptPages, SharedPage
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import REPOSITORY
from tests.support.builders.runs import make_account
from tests.support.rows import asked
from tests.unit.web.conftest import NOW, Site

LONG = timedelta(hours=1)
SECOND = timedelta(seconds=1)
BOARD = Address("/", b"", EVERYTHING)
PAGE = SharedPage.split("<p>by MARK.</p>", "MARK")


class Clock:
    """A clock that stands until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock of the test's own."""
    return Clock()


@pytest.fixture
def pages(clock: Clock) -> KeptPages:
    """Keep pages for a second of that clock."""
    return KeptPages(SECOND, clock)


def test_a_page_is_kept_for_its_lifetime(pages: KeptPages, clock: Clock) -> None:
    """Counted from when its making began."""
    assert pages.find(BOARD) is None
    pages.keep(BOARD, PAGE, made_at=99.5)
    pages.release(BOARD)
    clock.now = 100.4
    assert pages.find(BOARD) is PAGE
    clock.now = 100.5
    assert pages.find(BOARD) is None


def test_one_reader_makes_it_anew(pages: KeptPages, clock: Clock) -> None:
    """The others get the old one meanwhile, but for so long only."""
    pages.keep(BOARD, PAGE, made_at=clock.now)
    clock.now += 1
    assert [pages.find(BOARD) for _ in range(3)] == [None, PAGE, PAGE]
    clock.now += kept.OUTLIVED - 1.1
    assert pages.find(BOARD) is PAGE
    pages.release(BOARD)
    assert pages.find(BOARD) is None


def test_who_comes_while_a_page_is_made_waits_for_it(pages: KeptPages, clock: Clock) -> None:
    """It is made once; if nothing comes of it, the next one makes it."""
    assert pages.find(BOARD) is None
    with ThreadPoolExecutor() as threads:
        others = [threads.submit(pages.find, BOARD) for _ in range(3)]
        pages.keep(BOARD, PAGE, made_at=clock.now)
        pages.release(BOARD)
        assert [it.result(10) for it in others] == [PAGE] * 3
    clock.now += kept.OUTLIVED
    assert pages.find(BOARD) is None
    pages.release(BOARD)
    assert pages.find(BOARD) is None


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
    pages.keep(BOARD, PAGE, made_at=clock.now)
    assert [pages.find(BOARD) for _ in range(2)] == [None, None]


@pytest.mark.parametrize(
    "other",
    [
        BOARD._replace(path="/status"),
        BOARD._replace(query=b"wall=1"),
        BOARD._replace(visible=NOTHING),
        BOARD._replace(visible=Visible(frozenset({RepositoryId(1)}))),
    ],
)
def test_another_address_is_another_page(pages: KeptPages, clock: Clock, other: Address) -> None:
    """Also where only what may be seen differs."""
    pages.keep(BOARD, PAGE, made_at=clock.now)
    assert pages.find(other) is None


def test_pages_take_so_much_room(
    pages: KeptPages, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for which there is none is not kept, until older ones are gone."""
    monkeypatch.setattr(kept, "MOST_BYTES", PAGE.size)
    other = BOARD._replace(path="/status")
    pages.keep(BOARD, PAGE, made_at=clock.now)
    pages.keep(BOARD, PAGE, made_at=clock.now)
    pages.keep(other, PAGE, made_at=clock.now)
    assert (pages.find(BOARD), pages.find(other)) == (PAGE, None)
    pages.release(other)
    clock.now += kept.OUTLIVED
    pages.keep(other, PAGE, made_at=clock.now)
    assert (pages.find(BOARD), pages.find(other)) == (None, PAGE)


class Readers:
    """Several people in front of one application."""

    def __init__(self, site: Site, kept_for: timedelta) -> None:
        """Keep pages for so long."""
        self.present = Viewer("mona", EVERYTHING)
        viewers = Viewers(
            trusts_loopback=False,
            signed_in=lambda: self.present,
            form_token=lambda: f"token of {self.present.login}",
        )
        app = create_app(replace(site.deps, viewers=viewers, pages_kept=kept_for))
        self.client = app.test_client()

    def get(self, viewer: Viewer, path: str = "/", etag: str | None = None) -> tuple[int, str, str]:
        """Ask as somebody; return status, text and tag."""
        self.present = viewer
        answer = self.client.get(path, headers={"If-None-Match": etag} if etag else {})
        return answer.status_code, answer.text, answer.headers.get("ETag", "")


def ask(site: Site) -> None:
    """Have a deployment ask the gate."""
    repository = Repository(
        REPOSITORY, InstallationId(77), "acme/shop", make_account("acme"), "main"
    )
    site.database.transact(lambda tx: record_repository(tx, repository))
    asked(site.database, now=NOW)


MONA = Viewer("mona", EVERYTHING)
HUBOT = Viewer("hubot<b>", EVERYTHING)


def test_readers_share_a_page_but_for_their_names(site: Site) -> None:
    """What happened since is not in it; each finds the own name, token and tag."""
    readers = Readers(site, LONG)
    status, first, tag = readers.get(MONA)
    assert status == 200
    ask(site)
    _, second, other_tag = readers.get(HUBOT)
    assert "<bdi>mona</bdi>" in first
    assert "token of mona" in first
    assert "<bdi>hubot&lt;b&gt;</bdi>" in second
    assert "token of hubot&lt;b&gt;" in second
    assert "mona" not in second
    assert "Nothing is on hold" in second
    assert tag != other_tag
    assert readers.get(MONA, etag=tag)[0] == 304
    assert readers.get(HUBOT, etag=tag)[0] == 200


def test_who_may_see_less_does_not_share_it(site: Site) -> None:
    """And whose rights change has another page at once."""
    ask(site)
    readers = Readers(site, LONG)
    assert "1 deployment on hold" in readers.get(MONA)[1]
    assert "Nothing is on hold" in readers.get(Viewer("mona", NOTHING))[1]
    assert readers.get(MONA, "/requests/1")[0] == 200
    assert readers.get(Viewer("mona", NOTHING), "/requests/1")[0] == 404


def test_without_a_lifetime_each_view_is_new(site: Site) -> None:
    """As tests want it."""
    readers = Readers(site, timedelta())
    assert "Nothing is on hold" in readers.get(MONA)[1]
    ask(site)
    assert "1 deployment on hold" in readers.get(MONA)[1]


def test_what_is_wrong_is_not_kept(site: Site) -> None:
    """A page that was missing is there as soon as it is there."""
    readers = Readers(site, LONG)
    assert readers.get(MONA, "/requests/1")[0] == 404
    ask(site)
    assert readers.get(MONA, "/requests/1")[0] == 200
