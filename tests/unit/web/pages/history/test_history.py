"""The history: filters, paging, and the same set as CSV and JSON Lines."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from io import StringIO

import pytest

from gate.domain.model.access import NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.web.viewers import Viewer, Viewers
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import FORK, NOW, REPOSITORY
from tests.support.builders.requests import make_key
from tests.support.rows import answer, asked, wait
from tests.unit.web.conftest import Site

BROWSER = {"Accept": "text/html"}
HOSTILE = "=cmd|'<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _filled(database: Database) -> None:
    for number, name in ((REPOSITORY, "acme/shop"), (FORK, "octo/shop")):
        seen = make_repository(number, full_name=name)
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]
    answer(database, asked(database, key=make_key(run_id=7001), now=NOW - timedelta(days=2)))
    wait(database, asked(database, key=make_key(run_id=7002)))
    key = make_key(run_id=7003, repository_id=FORK, environment=HOSTILE)
    asked(database, key=key, environment=HOSTILE)


def shown(site: Site, query: str = "") -> set[int]:
    """Name the runs that a page shows."""
    text = site.client.get(f"/history{query}", headers=BROWSER).text
    return {number for number in (7001, 7002, 7003) if str(number) in text}


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("", {7001, 7002, 7003}),
        ("?repository=ACME/shop", {7001, 7002}),
        ("?state=approved", {7001}),
        ("?reason=validation_failed&verdict=wait", {7002}),
        ("?to=2026-03-01", {7001}),
        ("?from=2026-03-02&to=2026-03-02&repository=", {7002, 7003}),
        ("?person=nobody", set()),
        ("?state=overridden", set()),
        ("?state=overridden&reason=override", set()),
        ("?state=bypassed", set()),
    ],
)
def test_filters_narrow(site: Site, query: str, runs: set[int]) -> None:
    """Each leaves what fits; an empty field is none."""
    assert shown(site, query) == runs


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?state=nonsense", "state must be one of open, waiting"),
        ("?verdict=x", "verdict must be one of approve, reject, wait, closed"),
        ("?reason=x", "reason must be one of validation_passed"),
        ("?from=yesterday", "from must be a day (UTC) such as 2026-03-02"),
        ("?to=9999-12-31", "to must be a day"),
        ("?from=2026-03-03&to=2026-03-02", "from is after to."),
        ("?state=overridden&reason=gave_up", "reason must be override where state is overridden."),
        ("?cursor=12", "cursor is broken"),
        ("?cursor=9999999999999999-1", ""),
        ("?repository=no/where", "repository must be one that you may see, such as: acme/shop"),
        ("?colour=red", "colour is not a filter of this page; use repository"),
        ("?person=%00", "person must be text"),
    ],
)
@pytest.mark.parametrize("page", ["/history", "/history.csv"])
def test_what_cannot_be_understood_is_named(site: Site, page: str, query: str, told: str) -> None:
    """The answer is 400 and names the field, with what may stand there."""
    if "cursor" in query and page != "/history":
        told = "cursor is not a filter of this page"
    answered = site.client.get(page + query, headers=BROWSER)
    if told:
        assert answered.status_code == HTTPStatus.BAD_REQUEST
        assert told in answered.text
    else:
        assert answered.status_code == HTTPStatus.OK


def test_files_hold_the_filtered_set_harmlessly(site: Site) -> None:
    """No cell begins a formula; JSON Lines have the same columns, and texts as they are."""
    table = site.client.get("/history.csv")
    assert table.headers["Content-Disposition"] == 'attachment; filename="history.csv"'
    rows = list(csv.DictReader(StringIO(table.text)))
    lines = [json.loads(line) for line in site.client.get("/history.jsonl").text.splitlines()]
    assert [row["run_id"] for row in rows] == ["7003", "7002", "7001"]
    assert [line["run_id"] for line in lines] == [7003, 7002, 7001]
    assert list(rows[0]) == list(lines[0])
    assert rows[0]["environment"] == f"'{HOSTILE}"
    assert lines[0]["environment"] == HOSTILE
    assert lines[0]["url"] == "https://gate.example.com/requests/3"
    assert len(site.client.get("/history.csv?state=approved").text.splitlines()) == 2


def test_hostile_names_are_shown_and_not_obeyed(site: Site) -> None:
    """Markup in the name of an environment is text."""
    text = site.client.get("/history").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize("path", ["/history", "/history.csv", "/history.jsonl"])
def test_others_see_nothing_of_a_repository(database: Database, path: str) -> None:
    """Neither rows nor names, and asking for it by name is like asking for one that is not."""
    mine = Viewer("carol", Visible(frozenset({RepositoryId(FORK)})))
    for viewer in (mine, replace(mine, visible=NOTHING)):
        site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda v=viewer: v))  # type: ignore[misc]
        assert "acme" not in site.client.get(path).text
        hidden = site.client.get(f"{path}?repository=acme/shop")
        missing = site.client.get(f"{path}?repository=acme/none")
        assert hidden.status_code == missing.status_code == HTTPStatus.BAD_REQUEST
        assert hidden.text == missing.text
