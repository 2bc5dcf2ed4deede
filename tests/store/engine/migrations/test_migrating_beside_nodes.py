"""A migration gives way to running nodes, and comes back; there is none of that on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from gate.errors import ConfigError
from gate.store.engine.database import Database
from gate.store.engine.migrations import migrate as migration
from gate.store.engine.migrations.compatibility import Standing
from gate.store.engine.migrations.migrate import migrate, read_schema
from gate.store.engine.migrations.revisions import OURS
from tests.support.planted_migrations import EXPANSION, next_release

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"])


@pytest.fixture
def fresh(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Provide a database that this release has just migrated."""
    monkeypatch.setattr(migration, "_PATIENCE", "50ms")
    monkeypatch.setattr(migration, "_BREATH", 0.0)
    database = Database(empty_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def reader(fresh: Database) -> Iterator[Connection]:
    """Provide a transaction that has read a table and is not over."""
    with fresh.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM sessions"))
        yield connection


def test_nodes_that_migrate_at_once_take_turns(empty_url: str) -> None:
    """One of them does it, and the others find it done."""

    def migrate_from_a_node() -> tuple[str | None, str]:
        database = Database(empty_url)
        try:
            return migrate(database)
        finally:
            database.close()

    with ThreadPoolExecutor(3) as nodes:
        done = [it.result() for it in [nodes.submit(migrate_from_a_node) for _ in range(3)]]
    first, *others = sorted(done, key=str, reverse=True)
    assert first == (None, OURS.head)
    assert others == [(OURS.head, OURS.head)] * 2


def test_a_migration_is_tried_again_once_a_reader_is_done(
    fresh: Database, reader: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the first try is left, so the second begins anew."""
    waits: list[float] = []

    def breathe(seconds: float) -> None:
        waits.append(seconds)
        assert read_schema(fresh).standing is Standing.CURRENT
        reader.rollback()

    monkeypatch.setattr(migration, "sleep", breathe)
    assert migrate(fresh, revisions=next_release(tmp_path / "next"))[1] == EXPANSION
    assert len(waits) == 1


def test_a_reader_that_never_ends_is_named(
    fresh: Database, reader: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for without end, and nothing has changed."""
    monkeypatch.setattr(migration, "_TRIES", 2)
    with pytest.raises(ConfigError, match="a long transaction holds a table"):
        migrate(fresh, revisions=next_release(tmp_path / "next"))
    assert read_schema(fresh).standing is Standing.CURRENT
