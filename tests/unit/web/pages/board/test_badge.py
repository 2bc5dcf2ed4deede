"""Badges are public where the policy says so, and do not exist for anybody else."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from http import HTTPStatus

import pytest

from gate.domain.model.access import Visible
from gate.domain.model.ids import AccountId, InstallationId
from gate.domain.model.policy.policy import Badge, LoadedPolicy, Policy
from gate.store.engine.database import Database
from gate.store.github.policies import PolicyDocument, record_document, record_policy_text
from gate.store.github.runs import record_run
from gate.store.github.stored_policies import organization_source, repository_source
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.runs import make_run
from tests.unit.web.conftest import NOW, Site
from tests.unit.web.pages.board.test_board import SHOP, add_repository

PATH = "/badge/acme/shop/production%20%3Cb%3E.svg"
POLICY = "version: 1\nenvironments:\n  'production <b>': {}\n"
PUBLIC = f"{POLICY}badge: public\n"


def strangers(database: Database, viewer: Viewer | None = None) -> Site:
    """Return a site that nobody on this machine may see."""
    viewers = Viewers(trusts_loopback=False, signed_in=lambda: viewer)
    return Site(database, viewers=viewers)


def put_policy(database: Database, source: str, text: str) -> None:
    """Let a document hold a policy."""
    document = PolicyDocument(source, InstallationId(77), text, None, NOW)
    database.transact(lambda tx: record_policy_text(tx, text, text.encode()))
    database.transact(lambda tx: record_document(tx, document))


def add_shop(database: Database, policy: str) -> None:
    """Add a repository with a policy and a validation that passed."""
    add_repository(database, SHOP, "acme/shop")
    put_policy(database, repository_source(SHOP), policy)
    run = make_run(started_at=NOW - timedelta(minutes=12))
    database.transact(lambda tx: record_run(tx, run, NOW))


def test_a_public_badge_is_shown_to_everybody(database: Database) -> None:
    """As a picture with a title, which caches keep for a minute."""
    add_shop(database, PUBLIC)
    answer = strangers(database).client.get(PATH)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.content_type == "image/svg+xml; charset=utf-8"
    title = ET.fromstring(answer.data).find("{http://www.w3.org/2000/svg}title")  # noqa: S314 - ours
    assert title is not None
    assert title.text == "production <b>: validated 12 min ago"


@pytest.mark.parametrize("path", [PATH, "/badge/acme/none/production%20%3Cb%3E.svg"])
def test_a_private_badge_answers_like_an_unknown_one(database: Database, path: str) -> None:
    """To strangers, and to people who may not see the repository."""
    add_shop(database, POLICY)
    unknown = strangers(database).client.get("/badge/no/body/production%20%3Cb%3E.svg")
    other = Viewer("mona", Visible(frozenset()))
    for site in (strangers(database), strangers(database, other)):
        answer = site.client.get(path)
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert answer.data == unknown.data
        assert answer.headers == unknown.headers


def test_viewers_of_the_repository_see_its_private_badge(database: Database) -> None:
    """Which no shared cache keeps."""
    add_shop(database, POLICY)
    mona = Viewer("mona", Visible(frozenset({SHOP})))
    answer = strangers(database, mona).client.get(PATH)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_the_organization_can_forbid_it(database: Database) -> None:
    """A floor without `badge: public` keeps it private, and with it leaves the choice."""
    add_shop(database, PUBLIC)
    floor = organization_source(AccountId(66))
    put_policy(database, floor, POLICY)
    assert strangers(database).client.get(PATH).status_code == HTTPStatus.NOT_FOUND
    put_policy(database, floor, PUBLIC)
    assert strangers(database).client.get(PATH).status_code == HTTPStatus.OK


def test_both_must_say_public() -> None:
    """The policy and its floor."""
    private, public = (Policy({}, badge=it) for it in (Badge.PRIVATE, Badge.PUBLIC))
    assert LoadedPolicy(public, "", "").has_public_badge
    assert not LoadedPolicy(public, "", "", private).has_public_badge
    assert not LoadedPolicy(private, "", "", public).has_public_badge
