from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import DeploymentId, InstallationId, RepositoryId, RequestId
from gate.domain.model.request import GateRequest
from gate.store.github.repositories import record_repository
from gate.store.requests.decisions import record_decision
from gate.store.requests.ledger import record_intents
from gate.store.requests.opening import open_request
from gate.store.requests.requests import read_request
from tests.support.builders.defaults import ENVIRONMENT, REPOSITORY
from tests.support.builders.ledger import make_ledger, make_review
from tests.support.builders.requests import make_decision, make_facts, make_key, make_request
from tests.support.builders.runs import make_account
from tests.unit.web.conftest import NOW, Site

PATH = "/api/v1/requests"

KEYS = {
    "id",
    "repository",
    "repository_id",
    "run_id",
    "run_attempt",
    "environment",
    "head_sha",
    "state",
    "verdict",
    "reasons",
    "deployment_ids",
    "opened_at",
    "answered_at",
    "recheck_at",
    "give_up_at",
    "policy_digest",
    "evidence",
    "override",
}


def add_request(site: Site, run_id: int, environment: str = ENVIRONMENT) -> RequestId:
    """Open a request of a run."""
    made: GateRequest = make_request()
    seen = Repository(
        RepositoryId(REPOSITORY), InstallationId(7), "acme/shop", make_account("acme"), "main"
    )

    def work(tx: Any) -> RequestId:
        record_repository(tx, seen)
        opened, _ = open_request(
            tx,
            make_key(run_id=run_id, environment=environment),
            installation_id=InstallationId(7),
            environment=environment,
            head_sha=made.head_sha,
            deployment_id=DeploymentId(run_id * 10),
            now=NOW,
        )
        return opened.id

    return site.database.transact(work)


def get(site: Site, path: str = PATH, **query: Any) -> TestResponse:
    """Ask from this machine."""
    return site.client.get(path, query_string=query)


def shown(response: TestResponse) -> Any:
    """Read an answer that must be a good one."""
    assert response.status_code == 200, response.text
    return response.json


def test_a_request_has_the_keys_of_the_interface(site: Site) -> None:
    """An undecided one has no verdict yet, and says so with null."""
    request_id = add_request(site, 601)

    (item,) = shown(get(site))["items"]

    assert set(item) == KEYS
    assert item["id"] == request_id
    assert item["repository"] == "acme/shop"
    assert item["run_id"] == 601
    assert item["environment"] == ENVIRONMENT
    assert item["state"] == "open"
    assert item["deployment_ids"] == [6010]
    assert item["opened_at"] == "2026-03-02T12:00:00Z"
    assert (item["verdict"], item["reasons"], item["override"]) == (None, [], None)


def test_nothing_is_an_empty_list(site: Site) -> None:
    """There is no next page either."""
    assert shown(get(site)) == {"items": [], "next_cursor": None}


def test_pages_follow_one_another_without_gap_or_repetition(site: Site) -> None:
    """Newest first; the last page says that it is the last, even when it is full."""
    added = [add_request(site, run_id) for run_id in range(601, 607)]
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}

    for _ in range(3):
        page = shown(get(site, **query))
        seen += [item["id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
        # One that arrives while somebody turns the pages belongs before the first of them.
        add_request(site, 700 + len(seen))

    assert seen == added[::-1]
    assert query["cursor"] is None


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ({"run_id": 601}, [601]),
        ({"run_id": 999}, []),
        ({"environment": "STAGING"}, [602]),
        ({"state": "open"}, [602, 601]),
        ({"state": "approved"}, []),
        ({"state": "open", "run_id": 602}, [602]),
        ({"repository_id": REPOSITORY}, [602, 601]),
        ({"repository": "acme/shop"}, [602, 601]),
        ({"run_id": 601, "run_attempt": 1}, [601]),
        ({"run_attempt": 2}, []),
    ],
)
def test_filters_narrow_the_list(site: Site, query: Mapping[str, Any], runs: list[int]) -> None:
    """Several filters must all fit; an environment's name fits in any case, as at GitHub."""
    add_request(site, 601)
    add_request(site, 602, "staging")

    assert [item["run_id"] for item in shown(get(site, **query))["items"]] == runs


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": "many"},
        {"limit": -1},
        {"limit": "٣"},
        {"cursor": "x"},
        {"cursor": "9" * 5000},
        {"run_id": 2**63},
        {"run_id": "1.5"},
        {"color": "red"},
        {"environment": "a\0b"},
        {"repository": "acme/none"},
        {"repository": "acme/shop", "repository_id": REPOSITORY + 1},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: Mapping[str, Any]) -> None:
    """The parameter is named, so that it can be corrected."""
    response = get(site, **query)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["reason"] == "bad_query"
    assert next(iter(query)) in response.json["detail"]


def test_a_limit_has_a_limit(site: Site) -> None:
    """Who asks for more gets the most there is on one page."""
    for run_id in range(1, 202):
        add_request(site, run_id)

    page = shown(get(site, limit=5000))

    assert len(page["items"]) == 200
    assert page["next_cursor"] is not None


def test_a_record_has_decisions_and_effects(site: Site) -> None:
    """It is what comments link to: everything on record about one request."""
    request_id = add_request(site, 601)

    record = shown(get(site, f"{PATH}/{request_id}"))

    assert set(record) == KEYS | {"decisions", "effects"}
    assert (record["decisions"], record["effects"]) == ([], [])


def test_a_record_shows_what_was_decided_and_sent(site: Site) -> None:
    """Facts, verdict, and the comment as GitHub was sent it."""
    request_id = add_request(site, 601)

    def work(tx: Any) -> None:
        request = read_request(tx, request_id)
        assert request is not None
        decision_id, _ = record_decision(tx, make_decision(), make_facts(request=request), NOW)
        review = make_review().effect
        record_intents(tx, request, make_ledger(), [review], decision_id=decision_id, now=NOW)

    site.database.transact(work)

    record = shown(get(site, f"{PATH}/{request_id}"))

    (decided,) = record["decisions"]
    assert decided["decision"]["verdict"] == "wait"
    assert decided["facts"]["request"]["id"] == request_id
    (effect,) = record["effects"]
    assert effect["status"] == "intended"
    assert effect["effect"]["comment"] == make_review().effect.comment


@pytest.mark.parametrize(
    "name", ["0", "99", "-1", "1.0", "x", "9" * 30, "9" * 5000, "%D9%A3", "1%00"]
)
def test_what_is_no_request_is_not_found(site: Site, name: str) -> None:
    """Any text may stand where an id is expected."""
    add_request(site, 601)

    response = get(site, f"{PATH}/{name}")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["reason"] == "not_found"


def ask_from(
    site: Site, peer: str | None, headers: Mapping[str, str], path: str = PATH
) -> TestResponse:
    """Ask as a peer of the socket would."""
    environ = {"REMOTE_ADDR": peer} if peer is not None else {"REMOTE_ADDR": ""}
    return site.client.get(path, headers=dict(headers), environ_overrides=environ)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"]
)
def test_this_machine_is_answered(site: Site, peer: str, host: str) -> None:
    """Loopback has many spellings."""
    assert ask_from(site, peer, {"Host": host}).status_code == 200


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1"])
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.1", {}),
        ("::ffff:192.0.2.1", {}),
        ("fe80::1", {}),
        ("0.0.0.0", {}),  # noqa: S104  # nothing is bound
        ("localhost", {}),
        (None, {}),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": ""}),
        ("127.0.0.1", {"x-forwarded-proto": "https"}),
        ("127.0.0.1", {"X-Forwarded-Something-New": "1"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"Host": "gate.example.com"}),
        ("127.0.0.1", {"Host": "localhost.example.com"}),
        ("127.0.0.1", {"Host": "127.0.0.1.example.com"}),
        ("127.0.0.1", {"Host": "localhost@example.com"}),
        ("127.0.0.1", {"Host": "[::1"}),
        ("127.0.0.1", {"Host": ""}),
    ],
)
def test_anybody_else_is_not(
    site: Site, peer: str | None, headers: Mapping[str, str], path: str
) -> None:
    """Neither another machine, nor one behind a proxy, nor a page that a browser here shows."""
    response = ask_from(site, peer, {"Host": "localhost"} | dict(headers), path)

    assert response.status_code == 401
    assert response.json is not None
    assert response.json["reason"] == "token_required"
