"""`gate nodes` prints who is there, for people and for machines."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gate.cli import gate
from gate.clock import utc_now
from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import LOST_AFTER, Node, NodeKind, Process
from gate.store.engine.database import Database
from gate.store.nodes.nodes import record_node
from tests.support.builders.defaults import NODE
from tests.support.rows import asked, lease
from tests.support.sqlite import lay_out_schema

_HOSTILE = "[red]\x1b[2Jhost\u202e"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Provide a migrated database without rows."""
    url = f"sqlite:///{tmp_path}/gate.db"
    lay_out_schema(url)
    return url


def _run(url: str, *arguments: str) -> Result:
    environ = {"GATE_DATABASE_URL": url, "COLUMNS": "80"}
    result = CliRunner(env=environ).invoke(gate, ["nodes", *arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def busy_url(url: str) -> str:
    """Provide a database with a node that works on a request, and one that was lost."""
    now = utc_now()
    started = now - timedelta(hours=2)
    database = Database(url)
    alive = Process(NODE, NodeKind.SERVE, _HOSTILE, 7, "1.2.3", started)
    silent = Process(NodeId("silent"), NodeKind.WORKER, "other", 8, "1.2.2", started)
    for node in (Node(alive, now, False, 4), Node(silent, now - 2 * LOST_AFTER, False, 0)):
        database.transact(lambda tx, it=node: record_node(tx, it))  # type: ignore[misc]
    lease(database, asked(database, now=now).id, now)
    database.close()
    return url


def test_the_document_has_what_each_node_holds(busy_url: str) -> None:
    """Ages are seconds, times have a zone."""
    found = json.loads(_run(busy_url, "--json").stdout)
    first, second = found["nodes"]
    assert (first["node_id"], first["state"], first["leases"]) == (NODE, "running", {"requests": 1})
    assert first["hints_waiting"] == 4
    assert (second["kind"], second["state"], second["leases"]) == ("worker", "lost", {})
    assert second["seconds_since_seen"] >= 2 * LOST_AFTER.total_seconds()
    assert found["leases_of_others"] == {}
    assert found["lag_seconds"] == 0


def test_the_table_shows_them_to_people(busy_url: str) -> None:
    """A host name cannot write on the terminal what it likes."""
    text = _run(busy_url).stdout
    assert "1 requests" in text
    assert "lost" in text
    assert "…" not in text
    assert "1 h 59 min" in text, "a lost node ran until it was last seen"
    assert "[red]" in text
    assert "\x1b[2J" not in text
    assert "lag: none" in text


def test_without_a_node_it_says_so_and_how_long_work_waits(url: str) -> None:
    """The rows wait for somebody all the same."""
    database = Database(url)
    asked(database, now=utc_now() - timedelta(minutes=5))
    database.close()
    text = _run(url).stdout
    assert "no node is running" in text
    assert "lag: 5 min" in text
