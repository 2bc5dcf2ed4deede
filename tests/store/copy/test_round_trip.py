"""Whatever is stored comes back from the other database as it was."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from gate.store.copy.rows import check_types, copied_tables, stream_rows
from gate.store.copy.transfer import opened_transfer
from gate.store.engine.database import Database
from tests.store.conftest import empty_tables
from tests.support.sqlite import lay_out_schema
from tests.support.stored_rows import Rows, fill, sorted_rows, stored_rows, without_leases


def copied(from_url: str, to_url: str) -> None:
    """Copy, find the copy exact, and let it be used."""
    with opened_transfer(from_url, to_url) as ends:
        ends.copy(lambda table, rows: None)
        assert [it.table for it in ends.compare(lambda table, rows: None) if not it.is_same] == []
        ends.finish()


def read_all(url: str) -> Rows:
    """Read every row of every table."""
    database = Database(url)
    try:
        return database.read(
            lambda snapshot: {it.name: list(stream_rows(snapshot, it)) for it in copied_tables()}
        )
    finally:
        database.close()


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=stored_rows())
def test_rows_come_back_as_they_were(rows: Rows, migrated_postgresql: str) -> None:
    """From SQLite to PostgreSQL and back, with the leases released."""
    empty_tables(migrated_postgresql)
    with TemporaryDirectory() as folder:
        first, last = f"sqlite:///{folder}/first.db", f"sqlite:///{folder}/last.db"
        lay_out_schema(first)
        lay_out_schema(last)
        database = Database(first)
        fill(database, rows)
        database.close()
        copied(first, migrated_postgresql)
        copied(migrated_postgresql, last)
        assert sorted_rows(read_all(last)) == sorted_rows(without_leases(rows))


def test_every_column_is_of_a_type_that_both_store_alike() -> None:
    """A new type needs a thought about how its values read on either database."""
    assert check_types(copied_tables()) == []
