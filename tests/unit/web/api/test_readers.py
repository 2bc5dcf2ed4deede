"""Who may read the API."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pytest

from gate.domain.model.access import EVERYTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.errors import ConfigError
from gate.settings import ApiToken
from gate.store.engine.database import Database
from gate.store.reports.reports import record_report
from gate.web.deps import Readers
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import INSTALLATION
from tests.support.builders.reports import make_validation_report
from tests.unit.setting_values import load
from tests.unit.web.conftest import Site

PATHS = ("/api/v1/requests", "/api/v1/incidents", "/api/v1/audit", "/api/v1/stats")
TOKENS = tuple(
    ApiToken(name, sha256(f"token of {name}".encode()).hexdigest()) for name in ("ada", "bob")
)
NGINX = {"Host": "127.0.0.1:8080"}


def ask(database: Database, path: str, headers: Mapping[str, str]) -> tuple[int, str, str]:
    """Ask a gate with a public URL as nginx on the same machine does."""
    site = Site(database, readers=Readers(TOKENS), viewers=Viewers(trusts_loopback=False))
    local = {"REMOTE_ADDR": "127.0.0.1"}
    answer = site.client.get(path, headers=NGINX | dict(headers), environ_overrides=local)
    reason = (answer.json or {}).get("reason", "")
    return answer.status_code, reason, answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/requests/1", "/api/v1/validations/1/2/3"])
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "token_required"),
        ({"Authorization": "Basic dG9rZW4="}, "token_required"),
        ({"Authorization": "Bearer "}, "token_required"),
        ({"Authorization": "Bearer token of eve"}, "unknown_token"),
        ({"Authorization": f"Bearer {TOKENS[0].digest}"}, "unknown_token"),
        ({"Authorization": "Bearer \u00e9"}, "unknown_token"),
    ],
)
def test_behind_a_plain_proxy_nobody_reads_without_a_token(
    database: Database, path: str, headers: Mapping[str, str], reason: str
) -> None:
    """Loopback proves nothing where the gate has a public URL, and a digest is no token."""
    status, found, challenge = ask(database, path, headers)
    assert (status, found) == (401, reason)
    assert challenge.startswith("Bearer ")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["ada", "bob"])
def test_each_token_reads(database: Database, path: str, name: str) -> None:
    """Any of several tokens opens every list."""
    assert ask(database, path, {"Authorization": f"bearer token of {name}"})[0] == 200


def test_a_setting_lists_tokens_by_their_hash() -> None:
    """Each stands with its name, and nobody else's token fits."""
    settings = load({"GATE_API_TOKENS": f"ada:{TOKENS[0].digest}, x:{'0' * 64}"})
    assert [it.name for it in settings.api_tokens] == ["ada", "x"]
    readers = Readers(settings.api_tokens)
    assert readers.find("token of ada") == Viewer("ada", EVERYTHING)
    assert readers.find("token of bob") is None


@pytest.mark.parametrize("value", ["ada", "ada:12", "0" * 64, f"a:{'0' * 64},a:{'1' * 64}", ","])
def test_a_wrong_setting_is_refused(value: str) -> None:
    """A list that cannot be read as a whole stops the gate, and its value is not repeated."""
    with pytest.raises(ConfigError) as caught:
        load({"GATE_API_TOKENS": value})
    assert [it.startswith("GATE_API_TOKENS ") for it in caught.value.problems] == [True]


def test_a_token_that_is_sent_counts_on_this_machine_too(site: Site) -> None:
    """Who sends a token that does not fit is told so, and not shown everything."""
    refused = site.client.get(PATHS[0], headers={"Authorization": "Bearer of nobody"})
    assert (refused.status_code, refused.json["reason"]) == (401, "unknown_token")  # type: ignore[index]
    assert site.client.get(PATHS[0]).status_code == 200


def test_who_is_signed_in_reads_without_a_token(database: Database) -> None:
    """A page's links to the API work for the person who opened it."""
    person = Viewer("mona", Visible(frozenset({RepositoryId(1)})))
    site = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: person))
    assert site.client.get(PATHS[0]).json == {"items": [], "next_cursor": None}


def test_a_report_that_may_not_be_seen_answers_like_none(database: Database) -> None:
    """Nobody learns from the answer that there is one."""
    report = make_validation_report()
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))
    path = f"/api/v1/validations/{report.repository_id}/{report.run_id}/{report.run_attempt}"
    unknown = f"/api/v1/validations/{report.repository_id}/{report.run_id}/99"
    for repository_id, status in ((report.repository_id, 200), (RepositoryId(999), 404)):
        person = Viewer("mona", Visible(frozenset({repository_id})))
        viewers = Viewers(trusts_loopback=False, signed_in=lambda it=person: it)  # type: ignore[misc]
        client = Site(database, viewers=viewers).client
        answer = client.get(path)
        assert answer.status_code == status
        if status == 404:
            assert answer.data == client.get(unknown).data
