"""Make requests due, because something has happened that may change their answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, literal, select, update

from gate.domain.model.hints import RequestHint
from gate.domain.model.ids import (
    DeploymentId,
    InstallationId,
    RepositoryId,
    RequestId,
)
from gate.domain.model.request import (
    RequestState,
)
from gate.store.engine.codec import decode_ids
from gate.store.engine.database import Transaction
from gate.store.engine.hints import note
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.requests import gate_requests
from gate.store.requests.requests import IS_UNDECIDED

_t: Final = gate_requests.c
_awake: Final = (
    update(gate_requests)
    .where(IS_UNDECIDED)
    .values(generation=_t.generation + 1, due_at=bindparam("now"))
)


_wake_one: Final = Prepared(
    _awake.where(_t.id == bindparam("request")).returning(_t.id, _t.installation_id)
)


_wake_repository: Final = Prepared(
    _awake.where(_t.repository_id == bindparam("repository")).returning(_t.id, _t.installation_id)
)


_wake_installation: Final = Prepared(
    _awake.where(_t.installation_id == bindparam("installation")).returning(
        _t.id, _t.installation_id
    )
)


_released: Final = Prepared(
    select(_t.id, _t.installation_id, _t.deployments).where(
        _t.due_at.is_not(None),
        _t.repository_id == bindparam("repository"),
        _t.state == RequestState.APPROVED,
    )
)


_wake_released: Final = Prepared(
    update(gate_requests)
    .where(_t.id == bindparam("request"), _t.due_at.is_not(None))
    .values(generation=_t.generation + 1, due_at=bindparam("now"))
)


def wake_requests(tx: Transaction, ids: Collection[RequestId], now: datetime) -> None:
    """Make undecided requests due now; a pass that is under way will look again."""
    for request_id in ids:
        _note_all(tx, _wake_one.rows(tx, {"request": request_id, "now": now}), now)


def wake_repository(tx: Transaction, repository_id: RepositoryId, now: datetime) -> list[RequestId]:
    """Make all undecided requests of a repository due now."""
    rows = _wake_repository.rows(tx, {"repository": repository_id, "now": now})
    return _note_all(tx, rows, now)


def wake_installation(
    tx: Transaction, installation_id: InstallationId, now: datetime
) -> list[RequestId]:
    """Make all undecided requests of an installation due now."""
    rows = _wake_installation.rows(tx, {"installation": installation_id, "now": now})
    return _note_all(tx, rows, now)


def record_missed(tx: Transaction, ids: Sequence[RequestId], now: datetime) -> None:
    """Note that GitHub does not show some gates any more, and make their requests due."""
    missed = tx.execute(
        update(gate_requests)
        .where(_t.id.in_(ids), IS_UNDECIDED)
        .values(
            missed_at=func.coalesce(_t.missed_at, literal(now, UtcDateTime)),
            generation=_t.generation + 1,
            due_at=now,
        )
        .returning(_t.id, _t.installation_id)
    )
    _note_all(tx, missed, now)


def wake_released(
    tx: Transaction, repository_id: RepositoryId, deployment_id: DeploymentId, now: datetime
) -> list[RequestId]:
    """Make the released requests of a deployment due that still wait for its end."""
    rows = _released.rows(tx, {"repository": repository_id})
    released = [row for row in rows if deployment_id in decode_ids(row.deployments)]
    for row in released:
        _wake_released.change(tx, {"request": row.id, "now": now})
    return _note_all(tx, released, now)


def _note_all(tx: Transaction, rows: Iterable[Row[Any]], now: datetime) -> list[RequestId]:
    """Note that requests are due now, each with its installation, and return them."""
    hints = [RequestHint(RequestId(row.id), now, row.installation_id) for row in rows]
    for hint in hints:
        note(tx, hint)
    return [hint.request_id for hint in hints]
