"""What the board shows of a filled database, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.model.access import Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.store.engine.database import Database
from gate.store.github.policies import PolicyDocument, record_document
from gate.store.github.repositories import record_repository
from gate.store.github.runs import record_run
from gate.store.github.stored_policies import misnamed, sources_of
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.requests import make_key
from tests.support.builders.runs import make_account, make_run
from tests.support.rows import asked, wait
from tests.unit.web.conftest import NOW, Site

SHOP = RepositoryId(1001)
OTHER = RepositoryId(2002)


def add_repository(database: Database, number: RepositoryId, name: str) -> None:
    """Add a repository whose policy was read: it has none of its own."""
    owner = make_account(name.partition("/")[0], id=66)
    repository = Repository(number, InstallationId(77), name, owner, "main")
    database.transact(lambda tx: record_repository(tx, repository))
    for source in sources_of(repository):
        for place in (source, misnamed(source)):
            document = PolicyDocument(place, InstallationId(77), None, None, NOW)
            database.transact(lambda tx, it=document: record_document(tx, it))  # type: ignore[misc]


@pytest.fixture
def filled(site: Site) -> Site:
    """Provide a site with one held deployment, one repository that passes, and their runs."""
    add_repository(site.database, SHOP, "acme/shop")
    add_repository(site.database, OTHER, "octo/<b>docs</b>")
    for number, conclusion in ((SHOP, "failure"), (OTHER, "success")):
        run = make_run(
            repository_id=number,
            head_repository_id=number,
            conclusion=conclusion,
            html_url=f"https://github.com/{number}/actions/runs/501",
            started_at=NOW - timedelta(minutes=20),
        )
        site.database.transact(lambda tx, it=run: record_run(tx, it, NOW))  # type: ignore[misc]
    request = asked(site.database, key=make_key(repository_id=SHOP), now=NOW)
    wait(site.database, request)
    return site


def test_trouble_comes_first_and_says_why(filled: Site) -> None:
    """A headline, each repository with its state, and links to what is behind."""
    text = filled.client.get("/").text
    assert "<h1>1 deployment on hold</h1>" in text
    assert text.index("acme/shop") < text.index("&lt;b&gt;docs&lt;/b&gt;", text.index("<table"))
    assert '<a href="/requests/1">deployment 1</a>' in text
    assert "Production validation passed" in text
    assert 'aria-label="Last validation: 1 failed"' in text
    assert "validation run 501</a>, started" in text
    assert "validated by" not in text
    assert "<b>docs</b>" not in text


def test_what_a_viewer_may_not_see_is_not_there(filled: Site) -> None:
    """Neither in the table, nor in the headline, nor among the owners to choose from."""
    viewer = Viewer("mona", Visible(frozenset({OTHER})))
    site = Site(filled.database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    text = site.client.get("/").text
    assert "docs" in text
    assert "Nothing is on hold" in text
    assert "acme" not in text


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("owner=acme", "acme/shop</bdi>", "docs&lt;"),
        ("name=DOCS", "docs&lt;", "acme/shop</bdi>"),
        ("state=held", "acme/shop</bdi>", "docs&lt;/b&gt;</bdi>"),
        ("state=open", "docs&lt;", "acme/shop</bdi>"),
        ("owner=nobody", "No repository matches", "<table"),
    ],
)
def test_the_board_is_narrowed_down(filled: Site, query: str, there: str, missing: str) -> None:
    """By owner, name and state; what matches nothing says what there is."""
    text = filled.client.get(f"/?{query}").text
    assert there in text
    assert missing not in text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("state=purple", "state must be one of held, incident, failed"),
        ("wall=2", "wall must be one of 1."),
        ("bogus=1", "bogus is not a filter of this page; use owner, name, state, wall."),
    ],
)
def test_what_cannot_be_understood_is_named(filled: Site, query: str, told: str) -> None:
    """The answer is 400, names the field, and leads back to the whole board."""
    answered = filled.client.get(f"/?{query}", headers={"Accept": "text/html"})
    assert answered.status_code == 400
    assert told in answered.text
    assert '<a href="/">Show the page without filters</a>' in answered.text


def test_the_wall_has_no_form(filled: Site) -> None:
    """Large type and no navigation."""
    text = filled.client.get("/?wall=1").text
    assert '<body class="wall">' in text
    assert "<form" not in text
    assert "validation run" not in text
    assert '<a href="/">Leave wall mode</a>' in text
    narrowed = filled.client.get("/?owner=acme&wall=1").text
    assert '<a href="/?owner=acme">Leave wall mode</a>' in narrowed


def test_an_empty_board_says_what_to_do_first(site: Site) -> None:
    """Without any repository."""
    text = site.client.get("/").text
    assert "No deployment has been gated yet" in text
    assert "gate doctor" in text


def test_a_required_floor_that_is_not_there_holds_all(filled: Site) -> None:
    """What passes says so no more, and why, as the next decision would."""
    assert "Production validation passed" in filled.client.get("/?name=docs").text
    text = Site(filled.database, requires_floor=True).client.get("/?name=docs").text
    assert "Production validation passed" not in text
