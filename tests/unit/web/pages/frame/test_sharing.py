"""Readers who may see the same share a page, and nobody sees more by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId
from gate.store.github.repositories import record_repository
from gate.web.app import create_app
from gate.web.pages.frame import kept
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import REPOSITORY
from tests.support.builders.runs import make_account
from tests.support.rows import asked
from tests.unit.web.conftest import NOW, Site

LONG = timedelta(hours=1)


class Readers:
    """Several people in front of one application."""

    def __init__(self, site: Site, kept_for: timedelta) -> None:
        """Cache pages for so long."""
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


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_who_finds_no_room_to_wait_is_told_so(
    site: Site, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, by a page of the same house, while another makes the page."""
    monkeypatch.setattr(kept, "MOST_WAITING", 0)

    def ask_meanwhile() -> datetime:
        """Read the clock, as who makes a page does, when another asks for it."""
        answer = client.get("/status", headers={"Accept": accept})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "renders this page for another request" in answer.text
        assert ("Go to the board" in answer.text) == (accept == "text/html")
        return NOW

    client = create_app(replace(site.deps, clock=ask_meanwhile, pages_kept=LONG)).test_client()
    assert client.get("/status").status_code == 200
    assert client.get("/status").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/history",
        "/incidents",
        "/incidents/1",
        "/insights",
        "/repositories/acme/shop",
        "/requests/1",
        "/status",
    ],
)
def test_a_query_that_says_nothing_makes_no_page(site: Site, path: str) -> None:
    """Else whoever asks with ever new ones makes each page anew."""
    answer = site.client.get(f"{path}?nothing=1")
    assert answer.status_code == 400
    assert "nothing is not a filter of this page" in answer.text
