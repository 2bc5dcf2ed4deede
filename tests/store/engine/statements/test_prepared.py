"""Statements that are compiled once: same rows, same types, same errors on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update

from gate.store.engine.database import Database
from gate.store.engine.due import FRESH
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.inbox import deliveries
from tests.support.builders.defaults import NOW

_t = deliveries.c
_insert = Prepared(insert(deliveries))
_read = Prepared(
    select(_t.delivery_id, _t.received_at, _t.body).where(_t.delivery_id == bindparam("own"))
)
_ROW = {
    "delivery_id": "d1",
    "event": "push",
    "received_at": NOW,
    "state": "received",
    **FRESH,
}


def test_a_value_comes_back_as_it_was_given(database: Database) -> None:
    """Times stay aware and bytes stay bytes; a column that was not given is NULL."""
    database.transact(lambda tx: _insert.change(tx, _ROW | {"body": b"\x00{}"}))
    database.transact(lambda tx: _insert.change(tx, _ROW | {"delivery_id": "d2"}))
    first = database.read(lambda snapshot: _read.first(snapshot, {"own": "d1"}))
    second = database.read(lambda snapshot: _read.first(snapshot, {"own": "d2"}))
    assert tuple(first) == ("d1", NOW, b"\x00{}")
    assert (second.delivery_id, second.body) == ("d2", None)


def test_no_row_is_none(database: Database) -> None:
    """Nothing found is no row, not an error."""
    assert database.read(lambda snapshot: _read.first(snapshot, {"own": "nobody"})) is None


def test_a_change_tells_how_many_rows_it_touched(database: Database) -> None:
    """A constant in the statement is kept, a parameter is asked for."""
    database.transact(lambda tx: _insert.change(tx, _ROW))
    move = Prepared(
        update(deliveries)
        .where(_t.delivery_id == bindparam("own"), _t.state == "received")
        .values(state="processed", attempts=_t.attempts + 1)
        .returning(_t.attempts)
    )
    assert [row.attempts for row in database.transact(lambda tx: move.rows(tx, {"own": "d1"}))] == [
        1
    ]
    assert database.transact(lambda tx: move.rows(tx, {"own": "d1"})) == []


def test_truth_is_a_truth(database: Database) -> None:
    """SQLite stores numbers for truths; a row shows them as they were."""
    row = {
        "repository_id": 1,
        "installation_id": 2,
        "full_name": "o/r",
        "owner_id": 3,
        "owner_login": "o",
        "removed": False,
    }
    database.transact(lambda tx: Prepared(insert(repositories)).change(tx, row))
    read = Prepared(select(repositories.c.removed))
    assert database.read(lambda snapshot: read.first(snapshot, {})).removed is False


def test_a_list_cannot_be_prepared(database: Database) -> None:
    """The length of a list is part of the statement's text, so it is refused, not run wrongly."""
    listed = Prepared(select(_t.delivery_id).where(_t.delivery_id.in_(["a", "b"])))
    with pytest.raises(ValueError, match="expanding"):
        database.read(lambda snapshot: listed.rows(snapshot, {}))


def test_a_missing_parameter_is_a_mistake_and_not_null(database: Database) -> None:
    """A forgotten value must not be stored as nothing."""
    with pytest.raises(Exception, match="own"):
        database.read(lambda snapshot: _read.rows(snapshot, {}))
