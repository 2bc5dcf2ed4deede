"""`gate token` creates, lists and revokes tokens beside a running service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gate.cli import gate
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.web.viewers import Viewers
from tests.support.builders.runs import make_account
from tests.support.sqlite import lay_out_schema
from tests.unit.web.conftest import Site


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Provide a database that knows one repository."""
    url = f"sqlite:///{tmp_path}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    seen = Repository(RepositoryId(1), InstallationId(7), "acme/shop", make_account("acme"), "main")
    database.transact(lambda tx: record_repository(tx, seen))
    database.close()
    return url


def run(url: str, *arguments: str) -> Result:
    """Run the command with nothing but the database, on a terminal of 80 columns."""
    return CliRunner(env={"GATE_DATABASE_URL": url, "COLUMNS": "80"}).invoke(
        gate, ["token", *arguments]
    )


def test_a_token_opens_the_api_of_a_running_service_until_it_is_revoked(url: str) -> None:
    """Its holder sees its repository; revoking counts at the next request."""
    database = Database(url, exclusive=True)
    client = Site(database, viewers=Viewers(trusts_loopback=False)).client
    made = run(url, "create", "--name", "ci", "--repository", "acme/shop")
    token = made.stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert token.startswith("gate_")
    assert token not in made.stderr
    assert client.get("/api/v1/requests?repository=acme/shop", headers=headers).status_code == 200
    (listed,) = json.loads(run(url, "list", "--json").stdout)
    assert (listed["name"], listed["state"]) == ("ci", "active")
    assert listed["repositories"] == ["acme/shop"]
    assert run(url, "revoke", "ci").exit_code == 0
    assert client.get("/api/v1/requests", headers=headers).status_code == 401
    database.check()
    (listed,) = json.loads(run(url, "list", "--json").stdout)
    assert listed["state"] == "revoked"
    assert listed["last_used_at"] == "2026-03-02T12:00:00Z"
    assert "2026-03-02 12:00\n" in run(url, "list").stdout
    database.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "--name", "a:b"),
        ("create", "--name", "ci", "--scope", "write"),
        ("create", "--name", "ci", "--expires", "tomorrow"),
        ("create", "--name", "ci", "--expires", "0d"),
        ("create", "--name", "ci", "--expires", "999999d"),
        ("create", "--name", "ci", "--repository", "acme/unknown"),
        ("revoke", "nobody"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_a_usage_error(url: str, arguments: tuple[str, ...]) -> None:
    """Nothing is created."""
    assert run(url, *arguments).exit_code == 2
    assert json.loads(run(url, "list", "--json").stdout) == []


def test_a_name_is_taken_once(url: str) -> None:
    """The second token is refused and not shown."""
    assert run(url, "create", "--name", "ci", "--expires", "90d").exit_code == 0
    again = run(url, "create", "--name", "ci")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "revoke it first" in again.stderr
    table = run(url, "list").stdout
    assert "ci" in table
    assert "never" in table


def test_the_list_fits_a_terminal(url: str) -> None:
    """At 80 columns no date and no state is cut; long names go on in the next line."""
    names = ["ci", "x" * 64]
    for name in names:
        run(url, "create", "--name", name, "--expires", "90d", "--repository", "acme/shop")
    run(url, "revoke", "ci")
    listed = json.loads(run(url, "list", "--json").stdout)
    table = run(url, "list").stdout
    lines = table.splitlines()

    assert max(map(len, lines)) <= 80
    assert "\u2026" not in table
    assert lines[0].split() == [
        "name", "state", "repositories", "created", "expires", "last", "used", "(UTC)",
    ]  # fmt: skip
    for it in listed:
        days = [it[key][:10] for key in ("created_at", "expires_at")]
        assert any(line.split()[-3:] == [*days, "never"] for line in lines)
    assert "".join(line.split()[0] for line in lines[1:]).count("x") == 64
