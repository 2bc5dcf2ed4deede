"""The migrations lead to the tables that the code declares, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.engine.interfaces import ReflectedIndex

from gate.store.engine.database import Database
from gate.store.engine.migrations.compatibility import Standing
from gate.store.engine.migrations.migrate import head_revision, migrate, read_schema
from gate.store.engine.tables.base import metadata


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """Provide a database that was never migrated."""
    database = Database(empty_url)
    yield database
    database.close()


def test_an_empty_database_is_brought_up_to_date(empty: Database) -> None:
    """Migrating tells from where to where it went."""
    assert read_schema(empty).standing is Standing.EMPTY
    assert migrate(empty) == (None, head_revision())
    assert read_schema(empty).standing is Standing.CURRENT


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A database that is current stays as it is."""
    assert migrate(database) == (head_revision(), head_revision())
    assert read_schema(database).standing is Standing.CURRENT


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Distinguish our tables from those of the job queue, which declares its own."""
    return kind != "table" or name is None or not name.startswith("procrastinate_")


def test_migrations_and_tables_agree(database: Database) -> None:
    """Alembic finds no difference between the migrated database and what the code declares."""
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_indexes_are_partial_where_they_are_meant_to_be(database: Database) -> None:
    """Alembic does not compare the conditions of indexes, so they are looked at here."""
    declared = {
        index.name: index.dialect_options[database.dialect]["where"] is not None
        for table in metadata.tables.values()
        for index in table.indexes
    }
    found = {
        index["name"]: _is_partial(index, database.dialect)
        for table in metadata.tables
        for index in inspect(database.engine).get_indexes(table)
        if not index.get("duplicates_constraint")
    }
    assert found == declared


def _is_partial(index: ReflectedIndex, dialect: str) -> bool:
    return index.get("dialect_options", {}).get(f"{dialect}_where") is not None
