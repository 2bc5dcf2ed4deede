"""The policy page: what is in force, what is wrong with it, its changes, and nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest

from gate.domain.audit.chain import AuditEntry
from gate.domain.model.access import NOTHING, Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import FileCommit
from gate.domain.model.ids import AccountId, RepositoryId
from gate.domain.model.runs import Account
from gate.domain.text.comparison import MOST_COMPARED
from gate.policyfile.built_in import built_in_text
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.policies import PolicyDocument, record_document, record_policy_text
from gate.store.github.policy_authors import WantedAuthor, want_author
from gate.store.github.repositories import record_repository
from gate.store.github.stored_policies import misnamed, sources_of
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import INSTALLATION, REPOSITORY
from tests.support.policies import answer_author, record_author_of
from tests.unit.web.conftest import NOW, Site

ACME = Account(AccountId(9), "acme")
SHOP = Repository(REPOSITORY, INSTALLATION, "acme/shop", ACME, "main")
PATH = "/repositories/acme/shop"
BOB = FileCommit(
    "c0ffee1234", "https://github.example/c", NOW, Account(AccountId(7), "bob"), "The Bob"
)


def read(database: Database, *texts: bytes) -> None:
    """Let the gate read these texts of the repository's file, one a minute."""
    own, shared = sources_of(SHOP)
    database.transact(lambda tx: record_repository(tx, SHOP))
    for source in (own, shared, misnamed(own), misnamed(shared)):
        document = PolicyDocument(source, INSTALLATION, None, None, NOW)
        database.transact(lambda tx, it=document: record_document(tx, it))  # type: ignore[misc]
    for number, text in enumerate(texts):
        at = NOW + timedelta(minutes=number)
        digest = sha256(text).hexdigest()
        document = PolicyDocument(own, INSTALLATION, digest, None, at)
        detail = {"source": own, "digest": digest}
        entry = AuditEntry(
            at, INSTALLATION, REPOSITORY, None, None, None, "policy.changed", "gate", None, detail
        )
        database.transact(lambda tx, d=digest, t=text: record_policy_text(tx, d, t))  # type: ignore[misc]
        database.transact(lambda tx, it=document: record_document(tx, it))  # type: ignore[misc]
        database.transact(lambda tx, it=entry: record_audit(tx, it))  # type: ignore[misc]


def test_the_policy_in_force_and_its_changes_are_shown(database: Database, site: Site) -> None:
    """With where it comes from, and what the last change changed."""
    read(database, built_in_text(), built_in_text().replace(b"max_age: 24h", b"max_age: 2h"))
    page = site.client.get(PATH).text
    assert "policy in force" in page
    assert "acme/shop/.github/deployment-gate.yml" in page
    shown = text_of(page)
    assert "- max_age: 24h + max_age: 2h" in shown
    assert '<span class="dim">--- before</span>' in page
    assert '<span class="cross">--- before</span>' not in page
    assert "by: not recorded" in shown


def test_a_long_change_is_not_compared(database: Database, site: Site) -> None:
    """The page says so, for whoever may push a file decides how long it is."""
    read(database, b"#\n" * (MOST_COMPARED + 1), built_in_text())
    shown = text_of(site.client.get(PATH).text)
    assert shown.count("Too long to compare.") == 2
    assert "+++ after" not in shown


def text_of(page: str) -> str:
    """Return what a person reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_each_value_has_its_origin_and_its_time(database: Database, site: Site) -> None:
    """What the file does not have is built in; what never changed is older than what did."""
    first = b"version: 1\nenvironments:\n  live:\n    mode: observe\n"
    read(database, first, first + b"    give_up_after: 2h\n")
    page = text_of(site.client.get(PATH).text)
    assert "give_up_after 2 h the repository's file, line 5 2026-03-02 12:01 UTC" in page
    assert "mode observe the repository's file, line 4 2026-03-02 12:00 UTC" in page
    assert "validation.max_age 24 h built in 2026-03-02 12:00 UTC" in page
    assert "Server the built-in policy" in page


def read_floor(database: Database) -> None:
    """Let the gate read an organization's policy with an age of its own."""
    _, shared = sources_of(SHOP)
    text = built_in_text().replace(b"max_age: 24h", b"max_age: 36h")
    digest = sha256(text).hexdigest()
    document = PolicyDocument(shared, INSTALLATION, digest, None, NOW)
    database.transact(lambda tx: record_policy_text(tx, digest, text))
    database.transact(lambda tx: record_document(tx, document))


def test_the_floor_is_shown_to_who_may_see_its_repository(database: Database, site: Site) -> None:
    """To others it is only said that there is one."""
    read(database, built_in_text())
    read_floor(database)
    page = text_of(site.client.get(PATH).text)
    assert "floor: the repository's may only be stricter" in page
    assert "24 h the repository's file, line 8 36 h" in page
    viewer = Viewer("bob", Visible(frozenset({REPOSITORY})))
    other = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    hidden = text_of(other.client.get(PATH).text)
    assert "floor: the repository's may only be stricter" in hidden
    assert "36 h" not in hidden


def test_an_organizations_policy_is_shown_to_who_may_see_it(database: Database) -> None:
    """Where the repository has none, it is the one in force."""
    read(database)
    read_floor(database)
    shared = replace(SHOP, id=RepositoryId(7), full_name="acme/.github")
    database.transact(lambda tx: record_repository(tx, shared))
    pages = []
    for repositories in ({REPOSITORY}, {REPOSITORY, shared.id}):
        viewer = Viewer("bob", Visible(frozenset(repositories)))
        viewers = Viewers(trusts_loopback=True, signed_in=lambda it=viewer: it)  # type: ignore[misc]
        pages.append(text_of(Site(database, viewers=viewers).client.get(PATH).text))
    hidden, seen = pages
    assert "36 h" not in hidden
    assert "organization's policy" in hidden
    assert "36 h the organization's file, line 8 not recorded" in seen


def test_who_took_the_owners_name_does_not_see_its_policy(database: Database) -> None:
    """A `.github` of their own, under the name that the owner had, is another one."""
    read(database)
    read_floor(database)
    thief = Account(AccountId(10), ACME.login)
    taken = replace(SHOP, id=RepositoryId(8), full_name="acme/.github", owner=thief)
    database.transact(lambda tx: record_repository(tx, taken))
    viewer = Viewer("mallory", Visible(frozenset({REPOSITORY, taken.id})))
    site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    page = text_of(site.client.get(PATH).text)
    assert "organization's policy" in page
    assert "1 d 12 h" not in page


def test_problems_have_line_and_column(database: Database, site: Site) -> None:
    """Hostile text in them is harmless."""
    read(database, b"version: 1\n<script>alert(1)</script>: 2\nenvironment: {}\n")
    page = site.client.get(PATH).text
    assert "policy invalid" in page
    assert "did you mean <code>environments</code>?" in page
    assert "<b>not usable</b>" in page
    assert ">in force<" not in page
    assert "Line 2, column 1" in page
    assert "gate policy check" in page
    assert "<script>alert" not in page


def test_a_policy_that_was_never_read_is_said_to_be_so(database: Database, site: Site) -> None:
    """With the command that checks one."""
    database.transact(lambda tx: record_repository(tx, SHOP))
    page = site.client.get(PATH).text
    assert "The policy has not been read yet" in page
    assert "No change is on record." in page


def test_a_repository_that_may_not_be_seen_is_answered_like_none(database: Database) -> None:
    """Neither by its own name nor by one that another took over."""
    read(database, built_in_text())
    viewer = Viewer("mallory", NOTHING)
    site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    seen, none = site.client.get(PATH), site.client.get("/repositories/acme/none")
    assert seen.status_code == none.status_code == 404
    assert seen.text == none.text


@pytest.mark.parametrize(
    ("commit", "expected"),
    [
        (BOB, "by bob in c0ffee1 , committed 2026-03-02 12:00 UTC"),
        (replace(BOB, committed_at=None), "by bob in c0ffee1"),
        (
            replace(BOB, author=None, name="Bob"),
            "by Bob (not verified: no GitHub account has the e-mail address of the commit) in",
        ),
        (replace(BOB, author=None, name=""), "by no name (not verified"),
        (
            replace(BOB, author=None, name=f"<b>\N{RIGHT-TO-LEFT OVERRIDE}\x07\n{'x' * 200}"),
            f"by <b> {'x' * 100}",
        ),
        (None, "by: unknown, GitHub did not say"),
    ],
)
def test_who_changed_the_policy_is_shown(
    database: Database, site: Site, commit: FileCommit | None, expected: str
) -> None:
    """With the commit's page; what the commit says of itself is nobody's word."""
    read(database, built_in_text())
    wanted = WantedAuthor(sources_of(SHOP)[0], NOW, REPOSITORY)
    database.transact(lambda tx: want_author(tx, wanted))
    assert "by: not known yet, the gate asks GitHub" in text_of(site.client.get(PATH).text)
    answer_author(database, wanted, commit)
    page = site.client.get(PATH).text
    assert expected in text_of(page)
    assert text_of(page).count(expected[:17]) == 2
    assert ('href="https://github.example/c"' in page) is (commit is not None)
    assert "<b>x" not in page


def test_an_address_that_is_no_web_page_is_no_link(database: Database, site: Site) -> None:
    """Whatever stands in an answer, a click on it runs nothing."""
    read(database, built_in_text())
    wanted = WantedAuthor(sources_of(SHOP)[0], NOW, REPOSITORY)
    database.transact(lambda tx: want_author(tx, wanted))
    answer_author(database, wanted, replace(BOB, url="javascript:alert(1)"))
    page = site.client.get(PATH).text
    assert "by bob in c0ffee1" in text_of(page)
    assert "javascript:" not in page


def test_who_changed_the_organizations_policy_is_shown_to_who_may_see_it(
    database: Database,
) -> None:
    """To nobody else, not even who may see a repository that it speaks for."""
    read(database, built_in_text())
    read_floor(database)
    shared = replace(SHOP, id=RepositoryId(7), full_name="acme/.github")
    database.transact(lambda tx: record_repository(tx, shared))
    record_author_of(database, WantedAuthor(sources_of(SHOP)[1], NOW, REPOSITORY), "carol")
    pages = []
    for repositories in ({REPOSITORY}, {REPOSITORY, shared.id}):
        viewer = Viewer("bob", Visible(frozenset(repositories)))
        viewers = Viewers(trusts_loopback=True, signed_in=lambda it=viewer: it)  # type: ignore[misc]
        pages.append(Site(database, viewers=viewers).client.get(PATH).text)
    hidden, seen = pages
    assert "carol" not in hidden
    assert "c0ffee" not in hidden
    assert "by carol in c0ffee1" in text_of(seen)


def test_a_name_means_who_has_it_now(database: Database, site: Site) -> None:
    """Nothing of the repository that had it before."""
    read(database, built_in_text())
    newer = replace(SHOP, id=type(REPOSITORY)(REPOSITORY + 1))
    database.transact(lambda tx: record_repository(tx, newer))
    assert "The policy has not been read yet" in site.client.get(PATH).text
