"""The page and the picture of a deployment say when the last round ended, and how."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.model.runs import Account
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from tests.support.builders.defaults import INSTALLATION, REPOSITORY
from tests.support.rows import answer, ask, asked, end
from tests.unit.web.conftest import NOW, Site

SHOP = Repository(REPOSITORY, INSTALLATION, "acme/shop", Account(AccountId(9), "acme"), "main")


def minutes(count: int) -> timedelta:
    """Return how long after NOW something happened."""
    return timedelta(minutes=count)


@pytest.fixture
def reopened(database: Database) -> GateRequest:
    """Provide a request that was answered after 12 minutes, and asked again after 30."""
    database.transact(lambda tx: record_repository(tx, SHOP))
    first = asked(database, now=NOW)
    answer(database, first, now=NOW + minutes(12))
    again, _ = ask(database, deployment=32, now=NOW + minutes(30))
    return again


def read(site: Site, request: GateRequest) -> tuple[str, str]:
    """Return what a person reads on the page, and on the picture."""
    page = site.client.get(f"/requests/{request.id}").text
    picture = site.client.get(f"/requests/{request.id}.svg").text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()), picture


def test_while_it_waits_again_no_answer_is_shown(site: Site, reopened: GateRequest) -> None:
    """That one belongs to the round before."""
    page, picture = read(site, reopened)
    assert "· held for" in page
    assert "answered 2026" not in page + picture


def test_an_end_without_an_answer_is_no_answer(site: Site, reopened: GateRequest) -> None:
    """Though the round before has one."""
    end(site.database, reopened, RequestState.LAPSED, NOW + minutes(45))
    page, picture = read(site, reopened)
    assert "· ended 2026-03-02 12:45 UTC , after 15 min" in page
    assert "ended 2026-03-02 12:45 UTC" in picture
    assert "answered 2026" not in page + picture


def test_an_answer_is_that_of_the_last_round(site: Site, reopened: GateRequest) -> None:
    """With how long that one took."""
    answer(site.database, reopened, now=NOW + minutes(34))
    page, picture = read(site, reopened)
    assert "· answered 2026-03-02 12:34 UTC , after 4 min" in page
    assert "answered 2026-03-02 12:34 UTC" in picture
