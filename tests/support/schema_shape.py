"""What a schema lets a program do, and what a change of it takes away from older programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.reflection import Inspector

_TRIGGERS: Final = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
    """,
}


@dataclass(frozen=True)
class Shape:
    """The tables, each with its columns and with all that is named or promised in it."""

    columns: Mapping[str, Mapping[str, Mapping[str, Any]]]
    rules: Mapping[str, frozenset[str]]
    """What refuses rows: keys, unique indexes, foreign keys, checks, triggers."""
    indexes: Mapping[str, frozenset[str]]


def shape_of(connection: Connection) -> Shape:
    """Read a schema."""
    inspector = inspect(connection)
    tables = inspector.get_table_names()
    triggers = list(connection.execute(text(_TRIGGERS[connection.dialect.name])))
    return Shape(
        {it: {col["name"]: dict(col) for col in inspector.get_columns(it)} for it in tables},
        {
            it: frozenset(_rules(inspector, it))
            | {f"trigger {name}: {sql}" for table, name, sql in triggers if table == it}
            for it in tables
        },
        {it: frozenset(str(at["name"]) for at in inspector.get_indexes(it)) for it in tables},
    )


def narrowings(before: Shape, after: Shape) -> list[str]:
    """List what a program written for `before` can no longer do on `after`, or no longer fast."""
    return [word for table in before.columns for word in _narrowed(table, before, after)]


def _narrowed(table: str, before: Shape, after: Shape) -> Iterator[str]:
    if table not in after.columns:
        yield f"{table} is gone"
        return
    older, newer = before.columns[table], after.columns[table]
    for name, column in older.items():
        if name not in newer:
            yield f"{table}.{name} is gone"
        elif _kind(column) != _kind(newer[name]):
            yield f"{table}.{name} has another type, default or nullability"
    for name in newer.keys() - older.keys():
        if not newer[name]["nullable"] and newer[name]["default"] is None:
            yield f"{table}.{name} is new and must be given"
    yield from (f"{table} refuses more: {it}" for it in after.rules[table] - before.rules[table])
    # What an upsert names must still be there.
    yield from (f"{table} lost: {it}" for it in before.rules[table] - after.rules[table])
    yield from (f"{table} lost: {it}" for it in before.indexes[table] - after.indexes[table])


def _kind(column: Mapping[str, Any]) -> tuple[str, bool, str | None]:
    return str(column["type"]), bool(column["nullable"]), column["default"]


def _rules(inspector: Inspector, table: str) -> Iterator[str]:
    yield f"primary key: {inspector.get_pk_constraint(table)['constrained_columns']}"
    for index in inspector.get_indexes(table):
        if index["unique"]:
            yield f"unique index: {index['name']} {index['column_names']}"
    for unique in inspector.get_unique_constraints(table):
        yield f"unique: {unique['column_names']}"
    for key in inspector.get_foreign_keys(table):
        yield f"foreign key: {key['constrained_columns']} {key['referred_table']}"
    for check in inspector.get_check_constraints(table):
        yield f"check: {check['sqltext']}"
