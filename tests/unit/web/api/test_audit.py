"""The trail as the API shows it."""

from __future__ import annotations

from typing import Any

import pytest

from gate.domain.audit.chain import FIELDS, entry_hash
from gate.domain.audit.segments import SEGMENT_BEGUN
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId, RunId
from gate.domain.model.runs import Account
from gate.store.audit.entries import record_audit
from gate.store.github.repositories import record_repository
from tests.support.chains import make_entry
from tests.unit.web.conftest import Site

PATH = "/api/v1/audit"


def add(site: Site, *run_ids: int, **changes: Any) -> None:
    """Record an entry about each run."""
    for run_id in run_ids:
        entry = make_entry(run_id=RunId(run_id), **changes)
        site.database.transact(lambda tx, one=entry: record_audit(tx, one))  # type: ignore[misc]


def listed(site: Site, **query: Any) -> Any:
    """Ask from this machine for a list that is given."""
    response = site.client.get(PATH, query_string=query)
    assert response.status_code == 200
    return response.json


def test_an_empty_trail_is_an_empty_list(site: Site) -> None:
    """Nothing happened yet."""
    assert listed(site) == {"items": [], "next_cursor": None}


def test_an_entry_is_shown_as_it_is_exported(site: Site) -> None:
    """The names are those of the export, and the hash can be computed from what is shown."""
    add(site, 601, reason="validation_failed", detail={"decision_id": 3})
    item, beginning = listed(site)["items"]
    assert beginning["kind"] == SEGMENT_BEGUN
    assert set(item) == set(FIELDS)
    assert item["detail"] == {"decision_id": 3}
    assert item["hash"] == entry_hash(item)


def test_pages_run_newest_first_without_overlap(site: Site) -> None:
    """The cursor of a page leads to the next, and the last, where the chain begins, has none."""
    add(site, 1, 2, 3, 4, 5)
    seen: list[int | None] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = listed(site, **query)
        seen += [item["run_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [5, 4, 3, 2, 1, None]


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ({"run_id": 2}, [2]),
        ({"kind": "review.sent"}, [3]),
        ({"actor": "mona"}, [4]),
        ({"repository_id": 1001, "run_attempt": 2}, [5]),
        ({"installation_id": 8}, []),
        ({"environment": "production-frontend", "reason": "bypassed"}, [6]),
    ],
)
def test_fields_narrow_the_list(site: Site, query: dict[str, Any], runs: list[int]) -> None:
    """Filters are combined."""
    add(site, 2)
    add(site, 3, kind="review.sent")
    add(site, 4, actor="mona")
    add(site, 5, run_attempt=2)
    add(site, 6, reason="bypassed")
    assert [item["run_id"] for item in listed(site, **query)["items"]] == runs


def test_a_repository_is_found_by_its_name(site: Site) -> None:
    """By the name that it has now; the entries hold its number."""
    add(site, 2)
    owner = Account(AccountId(9), "acme")
    seen = Repository(RepositoryId(1001), InstallationId(7), "acme/shop", owner, "main")
    site.database.transact(lambda tx: record_repository(tx, seen))
    assert [item["run_id"] for item in listed(site, repository="acme/shop")["items"]] == [2]
    for query in ({"repository": "acme/none"}, {"repository": "acme/shop", "repository_id": 5}):
        assert site.client.get(PATH, query_string=query).status_code == 400


@pytest.mark.parametrize(
    "query",
    ["state=open", "limit=0", "cursor=x", "hash=1", "run_id=-1", "actor=%00", "kind=review.said"],
)
def test_a_query_that_makes_no_sense_is_a_problem(site: Site, query: str) -> None:
    """It is answered as a problem that names the parameter."""
    response = site.client.get(f"{PATH}?{query}")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["reason"] == "bad_query"
    assert response.json["detail"].startswith(query.partition("=")[0])


def test_nobody_from_elsewhere_is_answered(site: Site) -> None:
    """Until there is a sign-in, the trail is for this machine."""
    response = site.client.get(PATH, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["reason"] == "token_required"
