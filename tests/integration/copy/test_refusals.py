"""An end of a copy that cannot be used is named, with what to do, and nothing is written."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import LOST_AFTER, Node, NodeKind, Process
from gate.errors import ConfigError
from gate.store.copy.rows import copied_tables
from gate.store.engine.database import Database
from gate.store.engine.server import server_time
from gate.store.nodes.nodes import record_node
from tests.integration.copy.conftest import Run, add_requests
from tests.support.postgres import PostgresServer
from tests.support.sqlite import lay_out_schema


def refused(copy: Run, target: str, *options: str, **given: str) -> str:
    """Run the command, and return why it refuses."""
    result = copy(target, *options, **given)
    assert isinstance(result.exception, ConfigError), result.output
    (problem,) = result.exception.problems
    return str(problem)


@pytest.mark.parametrize("url", ["mysql://db/gate", "gate.db", "sqlite://"])
def test_a_target_is_an_address_of_a_database(copy: Run, url: str) -> None:
    """Anything else is a wrong use of the command."""
    result = copy(url)
    assert result.exit_code == 2
    assert "must start with" in result.output


def test_a_database_is_not_copied_into_itself(copy: Run, tmp_path: Path) -> None:
    """However its path is written."""
    result = copy(f"sqlite:///{tmp_path}/../{tmp_path.name}/gate.db")
    assert result.exit_code == 2
    assert "this is the database of GATE_DATABASE_URL" in result.output


def test_a_source_must_be_there(copy: Run, tmp_path: Path) -> None:
    """Neither file is made."""
    target, missing = f"sqlite:///{tmp_path}/new.db", f"sqlite:///{tmp_path}/none.db"
    problem = refused(copy, target, source=missing)
    assert problem == f"GATE_DATABASE_URL: the file {tmp_path}/none.db does not exist"
    assert {it.name for it in tmp_path.glob("*.db")} == {"gate.db"}


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_service_must_be_stopped(copy: Run, source_url: str, tmp_path: Path, end: str) -> None:
    """At either end: what it writes meanwhile would be lost."""
    target = f"sqlite:///{tmp_path}/new.db"
    lay_out_schema(target)
    service = Database(source_url if end == "source" else target, exclusive=True)
    try:
        problem = refused(copy, target)
    finally:
        service.close()
    name, file = ("GATE_DATABASE_URL", "gate") if end == "source" else ("--to", "new")
    assert problem.startswith(f"{name}: another process uses {tmp_path}/{file}.db; stop it")


def test_a_target_must_be_empty(copy: Run, tmp_path: Path) -> None:
    """Rows of another service are not mixed with these."""
    target = f"sqlite:///{tmp_path}/new.db"
    lay_out_schema(target)
    add_requests(target, 1)
    for options in ((), ("--dry-run",)):
        problem = refused(copy, target, *options)
        assert problem == (
            "--to: the database has rows already (gate_requests); use an empty database"
        )


@pytest.mark.parametrize("end", ["source", "target"])
def test_both_schemas_must_be_of_this_release(
    copy: Run, source_url: str, tmp_path: Path, end: str
) -> None:
    """An older one is not converted on the way."""
    target = f"sqlite:///{tmp_path}/new.db"
    lay_out_schema(target)
    with sqlite3.connect(tmp_path / ("gate.db" if end == "source" else "new.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    name = "GATE_DATABASE_URL" if end == "source" else "--to"
    problem = refused(copy, target)
    assert problem.startswith(f"{name}: the schema has revision 0001, and this release needs")
    assert problem.endswith("run `gate migrate`")


def test_a_database_out_of_reach_is_named(copy: Run, source_url: str) -> None:
    """With what its driver says."""
    nowhere = "postgresql+psycopg://gate@127.0.0.1:9/gate"
    assert refused(copy, nowhere).startswith("--to: connection failed")
    problem = refused(copy, source_url, source=nowhere)
    assert problem.startswith("GATE_DATABASE_URL: connection failed")


def test_a_target_that_cannot_be_written_is_named(copy: Run, tmp_path: Path) -> None:
    """A folder that is not there is not made."""
    problem = refused(copy, f"sqlite:///{tmp_path}/none/new.db")
    assert problem == f"--to: there is no folder {tmp_path}/none"


def test_a_dry_run_writes_nothing(copy: Run, tmp_path: Path) -> None:
    """It says how much there is to copy."""
    result = copy(f"sqlite:///{tmp_path}/new.db", "--dry-run")
    assert result.exit_code == 0
    assert "would copy 5 rows from" in result.output
    assert {it.name for it in tmp_path.glob("*.db")} == {"gate.db"}
    assert all(it.name in result.output for it in copied_tables())


@pytest.mark.parametrize("end", ["source", "target"])
def test_every_node_must_be_stopped(
    copy: Run, server: PostgresServer, tmp_path: Path, end: str
) -> None:
    """A node that has been silent for too long is lost, and keeps nobody from copying."""
    with server.migrated_database() as here, server.migrated_database() as there:
        used = Database(here if end == "source" else there)
        try:
            now = used.read(server_time)
            used.transact(lambda tx: record_node(tx, make_node(now)))
            name = "GATE_DATABASE_URL" if end == "source" else "--to"
            assert refused(copy, there, source=here) == (
                f"{name}: the database is in use by `gate worker` on a-host (process 7);"
                " stop it (one that was killed is forgotten after 30 seconds)"
            )
            silent = now - LOST_AFTER - timedelta(seconds=1)
            used.transact(lambda tx: record_node(tx, make_node(silent)))
            assert copy(there, source=here).exit_code == 0
        finally:
            used.close()


def make_node(seen_at: datetime) -> Node:
    """Make a worker that was heard of last at a time."""
    process = Process(NodeId("n"), NodeKind.WORKER, "a-host", 7, "1", seen_at)
    return Node(process, seen_at, is_draining=False, hints_waiting=0)
