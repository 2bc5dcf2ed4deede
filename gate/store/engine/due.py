"""Take rows that are due, one worker at a time, and settle them or come back to them later.

Everything that waits (deliveries, checks, commands, replies, issues, alerts, artifacts, authors of
policies) is a row with the five columns of `due_columns`. A row is due while `due_at` has come and
no lease runs. Whoever takes it holds a lease that ends by itself, so that a process that dies
blocks nobody for long; the lease's token goes up with every taking, and whoever writes under an
older one changes nothing (docs/adr/0006). Where the table counts a `generation`, what came during a
lease leaves the row due. Gate requests have a lease of their own kind:
`gate.store.requests.leases`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Executable,
    Row,
    Table,
    bindparam,
    case,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from gate.domain.model.hints import Hint, Work, WorkHint
from gate.domain.model.ids import NodeId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.hints import note
from gate.store.engine.tables.base import UtcDateTime

FRESH: Final[Mapping[str, Any]] = {
    "attempts": 0,
    "lease_token": 0,
    "lease_until": None,
    "lease_owner": None,
}
"""What a new row has in these columns, beside the time at which it is due."""

_POSTGRESQL: Final = "postgresql"


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that is its holder's to work on; `row` is the whole of it, as of the taking.

    `attempts` counts the tries since the row was last settled, this one included.
    """

    key: tuple[Any, ...]
    token: int
    attempts: int = field(compare=False)
    row: Row[Any] = field(compare=False)


class DueTable:
    """The rows of one table that wait to be worked on."""

    def __init__(
        self,
        table: Table,
        hint: Work | Callable[[Any, datetime], Hint],
        *,
        key: Sequence[str] | None = None,
        order: Sequence[ColumnElement[Any]] = (),
        set_aside: Mapping[str, Any] | None = None,
    ) -> None:
        """Serve `table`. `key` names what `due` lists, the primary key by default.

        `hint` is the kind of work its rows are, or makes the hint of a row from its key.
        `order` names which of the due rows come first; by default those that are due longest.
        `set_aside` are the values of a row in quarantine; None where no row may be set aside.
        """
        self._table = table
        self._hint = hint
        self.name = table.name
        self._primary = [column.name for column in table.primary_key.columns]
        self._listed = [table.c[name] for name in key or self._primary]
        self._order = [*order, table.c.due_at, *table.primary_key.columns]
        self._set_aside = set_aside
        self._renewable = "generation" in table.c
        # Built once: the worker asks every table whenever it wakes.
        self._asked_due = (
            select(*self._listed)
            .where(*self._is_due(bindparam("now", type_=UtcDateTime)))
            .order_by(*self._order)
            .limit(bindparam("most"))
        )

    def due(
        self, snapshot: Snapshot, now: datetime, limit: int, *only: ColumnElement[bool]
    ) -> list[Any]:
        """List the keys of rows that are due: values of one column, or tuples of several."""
        asked = self._asked_due.where(*only) if only else self._asked_due
        rows = snapshot.execute(asked, {"now": now, "most": limit})
        return [row[0] if len(self._listed) == 1 else tuple(row) for row in rows]

    def take(
        self,
        tx: Transaction,
        key: object,
        now: datetime,
        until: datetime,
        *,
        by: NodeId,
        **values: object,
    ) -> Taken | None:
        """Lease a row to a node until a time, and count the try; None when not due, or leased.

        `values` are written along with it.
        """
        c = self._table.c
        taking = update(self._table).where(*self._is(key), *self._is_due(now))
        row = tx.execute(
            taking.values(
                lease_token=c.lease_token + 1,
                lease_until=until,
                lease_owner=by,
                attempts=c.attempts + 1,
                **values,
            ).returning(self._table)
        ).first()
        if row is None:
            return None
        return Taken(self._as_tuple(key), row.lease_token, row.attempts, row)

    def lock(self, tx: Transaction, taken: Taken) -> Row[Any] | None:
        """Read a taken row and keep it until the transaction ends; None when the lease was lost."""
        asked = select(self._table).where(*self._is_held(taken)).with_for_update()
        return tx.execute(asked).first()

    def settle(
        self, tx: Transaction, taken: Taken, *, due_at: datetime | None = None, **values: object
    ) -> bool:
        """Release a row whose work is done, due again at `due_at` or never.

        Its tries are forgotten, unless `values` say otherwise. News that came during the lease
        leaves it due. False, and no change, when the lease was lost.
        """
        return self._give_back(tx, taken, due_at, **{"attempts": 0, **values})

    def postpone(self, tx: Transaction, taken: Taken, due_at: datetime, **values: object) -> bool:
        """Release a row whose work is not done, and keep counting the tries; as `settle`."""
        return self._give_back(tx, taken, due_at, **values)

    def release(self, tx: Transaction, taken: Taken) -> bool:
        """Release a row as if it had not been taken; whoever does so goes on with it."""
        return (
            self._write_back(tx, taken, taken.row.due_at, attempts=taken.attempts - 1) is not None
        )

    def quarantine(self, tx: Transaction, taken: Taken, **values: object) -> bool:
        """Set a row aside that keeps failing by a fault of ours; False when it must not be.

        Such a row is postponed instead: nothing else would do its work.
        """
        if self._set_aside is None:
            return False
        aside = {"attempts": taken.attempts, **self._set_aside, **values}
        return self._give_back(tx, taken, None, **aside)

    def mark(self, tx: Transaction, values: Mapping[str, Any], due_at: datetime) -> None:
        """Make a row due at a time because there is news; add it where there is none."""
        c = self._table.c
        insert: Any = postgresql.insert if tx.dialect.name == _POSTGRESQL else sqlite.insert
        added = insert(self._table).values(**values, **FRESH, generation=1, due_at=due_at)
        marking: Executable = added.on_conflict_do_update(
            index_elements=list(self._table.primary_key.columns),
            set_={"generation": c.generation + 1, "due_at": added.excluded.due_at},
        )
        tx.execute(marking)
        self.note_due(tx, values[self._primary[0]], due_at)

    def note_due(self, tx: Transaction, key: object, at: datetime) -> None:
        """Note that a row is due at a time, for statements that write it on their own."""
        hint = self._hint
        note(tx, WorkHint(hint, at) if isinstance(hint, Work) else hint(key, at))

    def _give_back(
        self, tx: Transaction, taken: Taken, due_at: datetime | None, **values: object
    ) -> bool:
        row = self._write_back(tx, taken, due_at, **values)
        if row is not None and row.due_at is not None:
            self.note_due(tx, taken.key[0], row.due_at)
        return row is not None

    def _write_back(
        self, tx: Transaction, taken: Taken, due_at: datetime | None, **values: object
    ) -> Row[Any] | None:
        c = self._table.c
        again: Any = due_at
        if self._renewable:
            is_unchanged = c.generation == taken.row.generation
            again = case((is_unchanged, literal(due_at, UtcDateTime)), else_=c.due_at)
        giving = update(self._table).where(*self._is_held(taken))
        given = giving.values(lease_until=None, lease_owner=None, due_at=again, **values)
        return tx.execute(given.returning(c.due_at)).first()

    def _is_due(self, now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
        c = self._table.c
        free = or_(c.lease_until.is_(None), c.lease_until <= now)
        return c.due_at.is_not(None), c.due_at <= now, free

    def _is(self, key: object) -> tuple[ColumnElement[bool], ...]:
        pairs = zip(self._primary, self._as_tuple(key), strict=True)
        return tuple(self._table.c[name] == value for name, value in pairs)

    def _is_held(self, taken: Taken) -> tuple[ColumnElement[bool], ...]:
        # Settled, whoever did it, nothing is held any more.
        c = self._table.c
        return *self._is(taken.key), c.lease_token == taken.token, c.due_at.is_not(None)

    def _as_tuple(self, key: object) -> tuple[Any, ...]:
        return key if isinstance(key, tuple) else (key,)
