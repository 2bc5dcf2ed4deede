"""A node works with a schema that is one release ahead, and with no other than that and its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from gate.errors import ConfigError
from gate.store.engine.database import Database
from gate.store.engine.migrations.compatibility import Schema, Standing, check_usable
from gate.store.engine.migrations.migrate import migrate, read_schema
from gate.store.engine.migrations.revisions import OURS
from tests.support.planted_migrations import (
    CONTRACTION,
    EXPANSION,
    next_release,
    release_after_next,
)


@pytest.fixture
def fresh(empty_url: str) -> Iterator[Database]:
    """Provide a database that this release has just migrated."""
    database = Database(empty_url)
    migrate(database)
    yield database
    database.close()


def go_back(database: Database, revision: str) -> None:
    """Take a database back to an older revision."""
    with database.engine.begin() as connection:
        config = OURS.config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_an_older_schema_is_refused_with_the_way_out(fresh: Database) -> None:
    """A node that is newer than the schema starts only after `gate migrate`."""
    go_back(fresh, "-1")
    schema = read_schema(fresh)
    assert schema.standing is Standing.BEHIND
    with pytest.raises(ConfigError, match="run `gate migrate`"):
        check_usable(schema)


def test_what_the_next_release_expanded_serves_this_one(fresh: Database, tmp_path: Path) -> None:
    """It is usable as it is, and migrating with this release changes nothing."""
    assert migrate(fresh, revisions=next_release(tmp_path / "next")) == (OURS.head, EXPANSION)
    assert read_schema(fresh) == Schema(EXPANSION, Standing.AHEAD, OURS.head)
    check_usable(read_schema(fresh))
    assert migrate(fresh) == (EXPANSION, EXPANSION)


def test_what_was_contracted_serves_only_releases_after_the_expansion(
    fresh: Database, tmp_path: Path
) -> None:
    """The next release works with what the one after it took away; this one refuses."""
    following = next_release(tmp_path / "next")
    migrate(fresh, revisions=following)
    migrate(fresh, revisions=release_after_next(tmp_path / "after"))
    assert read_schema(fresh).standing is Standing.TOO_NEW
    for refused in (lambda: check_usable(read_schema(fresh)), lambda: migrate(fresh)):
        with pytest.raises(ConfigError, match=f"revision {CONTRACTION}, which no longer serves"):
            refused()
    assert migrate(fresh, revisions=following) == (CONTRACTION, CONTRACTION)


def test_a_step_over_a_release_needs_a_fleet_that_stands_still(
    fresh: Database, tmp_path: Path
) -> None:
    """From here to the contraction at once breaks every node; a SQLite file has no other node."""
    after = release_after_next(tmp_path / "after")
    if fresh.dialect == "sqlite":
        assert migrate(fresh, revisions=after) == (OURS.head, CONTRACTION)
        return
    with pytest.raises(ConfigError, match="--offline"):
        migrate(fresh, revisions=after)
    assert read_schema(fresh).standing is Standing.CURRENT
    assert migrate(fresh, revisions=after, offline=True) == (OURS.head, CONTRACTION)


def test_an_empty_database_takes_any_number_of_steps(empty_url: str, tmp_path: Path) -> None:
    """Where there are no tables, no node can be running."""
    database = Database(empty_url)
    assert migrate(database, revisions=release_after_next(tmp_path / "after"))[1] == CONTRACTION
    database.close()


@pytest.mark.parametrize(
    "damage", ["DELETE FROM schema_compatibility", "DROP TABLE schema_compatibility"]
)
def test_a_newer_schema_that_says_nothing_is_refused(
    fresh: Database, tmp_path: Path, damage: str
) -> None:
    """Without the record nobody knows whether this release is served."""
    migrate(fresh, revisions=next_release(tmp_path / "next"))
    with fresh.engine.begin() as connection:
        connection.execute(text(damage))
    assert read_schema(fresh).standing is Standing.TOO_NEW
