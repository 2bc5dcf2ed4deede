"""`gate stats` prints what is on record, for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gate.cli import gate
from gate.clock import utc_now
from gate.domain.incidents.events import Acknowledged, IncidentEvent, Opened
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.model.reports import FlowStatus
from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from gate.store.github.repositories import record_repository
from gate.store.incidents.incidents import record_events, record_opening
from gate.store.reports.reports import record_report
from tests.support.builders.reports import make_validation_report
from tests.support.builders.runs import make_account
from tests.support.incidents import make_failure, make_flow

HOSTILE = "[red]\x1b[2Jlogin\u202e.yml"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Provide a database with one acknowledged incident and one flaky flow."""
    url = f"sqlite:///{tmp_path}/gate.db"
    database = Database(url)
    migrate(database)
    now, repository, installation = utc_now(), RepositoryId(1), InstallationId(7)
    seen = Repository(repository, installation, "acme/shop", make_account("acme"), "main")
    what = Opened(make_failure())
    flows = (make_flow(HOSTILE, FlowStatus.FLAKY),)

    def work(tx: Any) -> None:
        record_repository(tx, seen)
        place = IncidentPlace(installation, repository, "production-frontend")
        record = record_opening(tx, place, IncidentEvent(now, GATE, what), what)
        record_events(tx, record, [IncidentEvent(now, "mona", Acknowledged())])
        record_report(tx, make_validation_report(reported_at=now, flows=flows), installation)

    database.transact(work)
    database.close()
    return url


def run(url: str, *arguments: str) -> Result:
    """Run the command with nothing but the database."""
    return CliRunner(env={"GATE_DATABASE_URL": url, "COLUMNS": "120"}).invoke(
        gate, ["stats", *arguments]
    )


def test_a_table_for_people(url: str) -> None:
    """What cannot be told of nothing is a dash."""
    result = run(url)
    assert result.exit_code == 0, result.output
    lines = {line.split("│")[1].strip(): line for line in result.output.splitlines() if "│" in line}
    assert "1 open" in lines["incidents"]
    assert "100%" in lines["incidents acted on"]
    assert "0 of 0 attempts" in lines["validation pass rate"]
    assert " - " in lines["validation pass rate"]


def test_foreign_names_give_no_orders_to_the_terminal(url: str) -> None:
    """Neither rich's markup nor the terminal's own."""
    output = run(url).output
    assert "[red][2Jlogin.yml" in output
    assert "\x1b" not in output
    assert "\u202e" not in output


def test_a_document_for_machines(url: str) -> None:
    """The same as the API's."""
    document = json.loads(run(url, "--json", "--since", "1d").output)
    assert document["incidents"] == {"opened": 1, "open": 1}
    assert document["time_to_acknowledge"]["median_seconds"] == 0
    assert document["validation_pass_rate"]["rate"] is None
    assert document["flaky_flows"][0]["flow"] == HOSTILE


@pytest.mark.parametrize(
    ("arguments", "opened"),
    [
        (["--repo", "acme/shop"], 1),
        (["--repo", "1"], 1),
        (["--repo", "2"], 0),
        (["--environment", "Production-Frontend"], 1),
        (["--environment", "staging"], 0),
    ],
)
def test_options_narrow_what_is_measured(url: str, arguments: list[str], opened: int) -> None:
    """By repository, by environment."""
    assert json.loads(run(url, "--json", *arguments).output)["incidents"]["opened"] == opened


@pytest.mark.parametrize(
    "arguments",
    [["--repo", "acme/nothing"], ["--since", "tomorrow"], ["--since", "2999-01-01"]],
)
def test_what_makes_no_sense_is_a_usage_error(url: str, arguments: list[str]) -> None:
    """The option is named."""
    result = run(url, *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output
