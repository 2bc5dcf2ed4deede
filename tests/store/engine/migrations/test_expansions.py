"""A migration that calls itself an expansion takes nothing from the release before it.

What a migration does is read from the schema before and after it, so that it does not matter in
which words it does it. See docs/adr/0026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, insert, select

from gate.store.engine.database import Database
from gate.store.engine.migrations.revisions import OURS, Revisions
from gate.store.engine.tables.base import metadata
from tests.store.engine.migrations.released import RELEASED
from tests.support.planted_migrations import planted
from tests.support.schema_shape import narrowings, shape_of

ROOT: Final = Path(__file__).parents[4]


def scripts(revisions: Revisions = OURS) -> list[Any]:
    """List the migrations, oldest first."""
    return list(reversed(list(ScriptDirectory.from_config(revisions.config()).walk_revisions())))


def upgrade(connection: Connection, revisions: Revisions, to: str) -> None:
    """Take a database one or more migrations further."""
    config = revisions.config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@pytest.fixture
def connection(empty_url: str) -> Iterator[Connection]:
    """Provide a connection to a database that was never migrated."""
    database = Database(empty_url)
    with database.engine.begin() as opened:
        yield opened
    database.close()


def test_each_migration_says_which_of_both_it_is() -> None:
    """There is one line of them, numbered, and each expands or contracts."""
    ours = scripts()
    assert [it.revision for it in ours] == [f"{number:04}" for number in range(1, len(ours) + 1)]
    for it in ours:
        declared = {"expands", "contracts"} & vars(it.module).keys()
        assert len(declared) == 1, f"{it.revision} declares {declared or 'nothing'}"


def test_no_expansion_takes_anything_away(connection: Connection) -> None:
    """From each revision to the next, whatever an older node can write or read, it still can."""
    for script in scripts():
        before = shape_of(connection)
        upgrade(connection, OURS, script.revision)
        if not hasattr(script.module, "contracts"):
            assert narrowings(before, shape_of(connection)) == [], script.revision


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ('op.drop_table("policy_authors")', "policy_authors is gone"),
        ('op.execute("ALTER TABLE runs RENAME TO walks")', "runs is gone"),
        ('op.drop_column("sessions", "login")', "sessions.login is gone"),
        ('op.execute("ALTER TABLE runs RENAME COLUMN path TO way")', "runs.path is gone"),
        ('op.drop_index("ix_runs_conclusions", "runs")', "runs lost: ix_runs_conclusions"),
        (
            'op.create_index("ux", "repositories", ["full_name"], unique=True)',
            "repositories refuses more: unique index: ux ['full_name']",
        ),
        (
            'with op.batch_alter_table("sessions") as it: it.alter_column("login", nullable=True)',
            "sessions.login has another type, default or nullability",
        ),
        (
            'op.add_column("kept_reports", sa.Column("new", sa.Text(), nullable=False))',
            "kept_reports.new is new and must be given",
        ),
    ],
)
def test_what_takes_something_away_is_found(
    connection: Connection, tmp_path: Path, steps: str, expected: str
) -> None:
    """An expansion that drops, renames or tightens is named, whatever it is written in."""
    upgrade(connection, OURS, "head")
    before = shape_of(connection)
    upgrade(connection, planted(tmp_path / "next", steps), "head")
    assert expected in narrowings(before, shape_of(connection))


def row_of(table: Table, number: int) -> dict[str, Any]:
    """Make a row of an older release: all that a column needs is a value of its type."""
    values = {int: number, str: f"text {number}", bytes: b"bytes", bool: False}
    return {it.name: values[it.type.python_type] for it in table.columns}


def rows_in(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Read the columns that an older release knows."""
    query = select(table).order_by(*table.primary_key.columns)
    return [dict(it) for it in connection.execute(query).mappings()]


def test_rows_of_an_older_release_are_kept_and_taken(connection: Connection) -> None:
    """From each revision to the next, rows stay as they are, and an older node can add some."""
    for number, script in enumerate(scripts(), start=1):
        older = MetaData()
        older.reflect(connection, only=lambda name, _: name in metadata.tables)
        for table in older.sorted_tables:
            connection.execute(insert(table), row_of(table, 2 * number))
        before = {it: rows_in(connection, it) for it in older.sorted_tables}
        upgrade(connection, OURS, script.revision)
        if hasattr(script.module, "contracts"):
            continue
        for table, rows in before.items():
            assert rows_in(connection, table) == rows, script.revision
            connection.execute(insert(table), row_of(table, 2 * number + 1))


def test_no_contraction_ships_with_what_it_completes() -> None:
    """What it names was in an earlier release, so that the release before never needs it."""
    contractions = {
        it.revision: it.module.contracts for it in scripts() if hasattr(it.module, "contracts")
    }
    assert early_contractions(contractions, RELEASED.values()) == []


@pytest.mark.parametrize(
    ("contractions", "released", "early"),
    [
        ({"0012": "0010"}, [], ["0012"]),
        ({"0012": "0010"}, ["0009"], ["0012"]),
        ({"0012": "0010"}, ["0010"], []),
        ({"0012": "0010"}, ["0011", "0013"], []),
        ({"0012": "0010"}, ["0009", "0012"], ["0012"]),
        ({"0012": "0012"}, ["0012"], ["0012"]),
    ],
)
def test_an_early_contraction_is_found(
    contractions: dict[str, str], released: list[str], early: list[str]
) -> None:
    """A release has what is named, and not yet the contraction: the check of the test above."""
    assert early_contractions(contractions, released) == early


def early_contractions(contractions: dict[str, str], released: Iterable[str]) -> list[str]:
    """List those that no release separates from what they name."""
    heads = list(released)
    return [it for it, named in contractions.items() if not any(named <= at < it for at in heads)]


def test_each_release_is_listed_with_its_newest_revision() -> None:
    """What the changelog calls released is in the list, so that the rule above can see it."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d[^]]*)\]", changelog, re.MULTILINE) == [*reversed(RELEASED)]
    assert set(RELEASED.values()) <= {it.revision for it in scripts()}
