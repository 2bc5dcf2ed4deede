"""Let one pass at a time work on a request, and write what it found.

A lease ends by itself, so that a process that dies blocks nobody for long. Its token goes up with
every taking; whoever writes under an older one is told so (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, case, or_, select, update

from gate.domain.model.hints import RequestHint
from gate.domain.model.ids import InstallationId, NodeId, RequestId
from gate.errors import Superseded
from gate.store.engine.database import Transaction
from gate.store.engine.hints import note, retract
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.requests import gate_requests

_t: Final = gate_requests.c


_own: Final = _t.id == bindparam("request")
_held: Final = (_own, _t.lease_token == bindparam("token"))
_take: Final = Prepared(
    update(gate_requests)
    .where(
        _own,
        _t.due_at.is_not(None),
        _t.due_at <= bindparam("now"),
        or_(_t.lease_until.is_(None), _t.lease_until <= bindparam("now")),
    )
    .values(
        lease_token=_t.lease_token + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("owner"),
    )
    .returning(_t.lease_token, _t.failures, _t.installation_id)
)
_lock: Final = Prepared(select(_t.generation, _t.lease_token).where(_own).with_for_update())
_release: Final = Prepared(
    update(gate_requests)
    .where(*_held, _t.generation == bindparam("seen"))
    .values(
        lease_until=None,
        lease_owner=None,
        due_at=bindparam("new_due_at"),
        failures=bindparam("new_failures"),
        # The look is over, unless it failed and is made again.
        woken_by=case((bindparam("new_failures") > 0, _t.woken_by), else_=None),
    )
)
_release_moved: Final = Prepared(
    update(gate_requests)
    .where(*_held)
    .values(lease_until=None, lease_owner=None, failures=bindparam("new_failures"))
    .returning(_t.due_at)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a request; `failures` counts the passes before it that failed."""

    request_id: RequestId
    token: int
    failures: int
    installation_id: InstallationId | None = field(default=None, compare=False)


def take_lease(
    tx: Transaction, request_id: RequestId, now: datetime, length: timedelta, *, by: NodeId
) -> Lease | None:
    """Take the lease of a request for a node; None when somebody has it, or nothing is due."""
    wanted = {"request": request_id, "now": now, "until": now + length, "owner": by}
    row = _take.first(tx, wanted)
    if row is None:
        return None
    retract(tx, request_id)
    return Lease(request_id, row.lease_token, row.failures, row.installation_id)


def check_lease(tx: Transaction, lease: Lease) -> int:
    """Return the request's generation; raises Superseded when the lease was lost.

    Locks the row until the transaction ends, so that the lease cannot be lost meanwhile.
    """
    row = _lock.first(tx, {"request": lease.request_id})
    if row is None or row.lease_token != lease.token:
        raise Superseded("lease_lost", f"request {lease.request_id}")
    generation: int = row.generation
    return generation


def wake_holder(tx: Transaction, request_id: RequestId, now: datetime) -> None:
    """Make a request due whose lease somebody else has by now: what they have seen has changed."""
    tx.execute(
        update(gate_requests)
        .where(_t.id == request_id)
        .values(generation=_t.generation + 1, due_at=now)
    )
    note(tx, RequestHint(request_id, now))


def release(
    tx: Transaction, lease: Lease, *, generation: int, due_at: datetime | None, failures: int
) -> None:
    """Release the lease until the next look.

    `generation` is the one the pass has seen. When it has moved on, the request stays due as
    whoever moved it has asked.
    """
    values = {
        "request": lease.request_id,
        "token": lease.token,
        "seen": generation,
        "new_due_at": due_at,
        "new_failures": failures,
    }
    if _release.change(tx, values) == 1:
        if due_at is not None:
            note(tx, RequestHint(lease.request_id, due_at, lease.installation_id))
        return
    moved = _release_moved.first(tx, values)
    if moved is not None and moved.due_at is not None:
        note(tx, RequestHint(lease.request_id, moved.due_at, lease.installation_id))


def record_failure(
    tx: Transaction,
    request_id: RequestId,
    token: int | None,
    now: datetime,
    due_at: Callable[[int], datetime],
) -> None:
    """Release the lease of a failed pass; `due_at` computes the next look from the failures.

    `token` is that of the lease, None when the pass failed before it had one. Whoever has the lease
    by now is not disturbed: nothing is written then.
    """
    row = tx.execute(
        select(_t.failures, _t.due_at, _t.lease_token, _t.lease_until, _t.installation_id)
        .where(_t.id == request_id)
        .with_for_update()
    ).one_or_none()
    if row is None or row.due_at is None:
        return
    is_free = row.lease_until is None or row.lease_until <= now
    if row.lease_token != token and not (token is None and is_free):
        return
    failures = row.failures + 1
    again = due_at(failures)
    tx.execute(
        update(gate_requests)
        .where(_t.id == request_id)
        .values(lease_until=None, lease_owner=None, failures=failures, due_at=again)
    )
    note(tx, RequestHint(request_id, again, row.installation_id))


def clear_leases(tx: Transaction) -> None:
    """Void every lease: for the start of the only process that works on this database."""
    leased = update(gate_requests).where(_t.lease_until.is_not(None))
    tx.execute(leased.values(lease_until=None, lease_owner=None))
