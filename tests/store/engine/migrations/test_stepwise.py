"""Each migration is committed by itself, and one that was interrupted is continued."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from gate.errors import ConfigError
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.engine.migrations.compatibility import Schema, Standing
from gate.store.engine.migrations.migrate import migrate, read_schema
from gate.store.engine.migrations.revisions import OURS, Revisions
from tests.support.chains import make_entry
from tests.support.harness import wait_for
from tests.support.planted_migrations import CONTRACTION, EXPANSION, release_after_next

_INDEXED = "0013"


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    """Provide a database that this release has just migrated."""
    opened = Database(empty_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_what_was_done_before_an_interruption_stays(database: Database, tmp_path: Path) -> None:
    """The schema between two migrations is a whole one, and says whom it serves."""
    after = release_after_next(tmp_path / "after")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE VIEW held AS SELECT * FROM policy_authors"))
    with pytest.raises(ConfigError, match="other objects depend on it"):
        migrate(database, revisions=after, offline=True)
    assert read_schema(database) == Schema(EXPANSION, Standing.AHEAD, OURS.head)
    with database.engine.begin() as connection:
        connection.execute(text("DROP VIEW held"))
    assert migrate(database, revisions=after) == (EXPANSION, CONTRACTION)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_large_table_is_indexed_while_nodes_write(database: Database) -> None:
    """An index that was left half-built is replaced, and of two that migrate one waits."""
    config = OURS.config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, f"{int(_INDEXED) - 1:04}")
    index = "FROM pg_index WHERE indexrelid = to_regclass('ix_audit_entries_deeds')"
    building = text(f"SELECT count(*) {index} AND NOT indisvalid")
    valid = text(f"SELECT count(*) {index} AND indisvalid")
    at_it = (
        "FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%ix_audit_entries_deeds%'"
        " AND state = 'active' AND pid <> pg_backend_pid()"
    )
    interrupt = text(f"SELECT count(pg_cancel_backend(pid)) {at_it}")
    dropping = text(f"SELECT count(*) {at_it}")

    def is_building() -> bool:
        return bool(database.read(lambda it: it.scalar(building)))

    with ThreadPoolExecutor(2) as nodes, database.engine.begin() as slow:
        # Building an index waits for whoever might still see the table without it.
        slow.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        slow.execute(text("LOCK TABLE audit_entries IN ROW EXCLUSIVE MODE"))
        migrating = nodes.submit(migrate, database)
        wait_for(is_building, "the index")
        database.transact(lambda tx: record_audit(tx, make_entry()))
        assert database.transact(lambda tx: tx.scalar(interrupt)) == 1
        with pytest.raises(ConfigError, match="canceling statement"):
            migrating.result(30)
        assert is_building()
        both = [nodes.submit(migrate, database) for _ in range(2)]
        wait_for(lambda: database.read(lambda it: it.scalar(dropping)) == 1, "another try")
        slow.rollback()
        done = sorted(it.result(30) for it in both)
    assert database.read(lambda it: it.scalar(valid)) == 1
    assert done == [("0012", OURS.head), (OURS.head, OURS.head)]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("wrong", ["pass", "expands = True; contracts = '0012'"])
def test_a_migration_that_says_nothing_is_refused(
    database: Database, tmp_path: Path, wrong: str
) -> None:
    """Nobody could tell which nodes work with what it leaves."""
    folder = tmp_path / "after"
    release_after_next(folder)
    script = folder / "versions" / f"{EXPANSION}_planted.py"
    script.write_text(script.read_text("utf-8").replace("expands = True", wrong), "utf-8")
    with pytest.raises(RuntimeError, match=f"{EXPANSION} must declare"):
        migrate(database, revisions=Revisions(str(folder)))
    assert read_schema(database).standing is Standing.CURRENT
