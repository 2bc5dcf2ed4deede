"""Store what was intended, begun and settled at GitHub, one row an effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, select, update

from gate.domain.model.ids import DecisionId, RequestId, RequestKey
from gate.domain.model.ledger import Effect, EffectKind, EffectStatus, Ledger, LedgerEntry
from gate.domain.model.request import GateRequest, ReviewState
from gate.domain.requests.plan import is_sendable
from gate.domain.requests.settlement import NOT_LANDED
from gate.errors import Superseded
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.requests import effects, gate_requests

_t: Final = effects.c


_read: Final = Prepared(
    select(effects).where(_t.request_id == bindparam("request")).order_by(_t.position)
)
_insert: Final = insert_or_ignore(effects)
_begin: Final = Prepared(
    update(effects)
    .where(_t.effect_key == bindparam("own"), _t.status == EffectStatus.INTENDED)
    .values(
        status=EffectStatus.SENDING.value,
        attempts=_t.attempts + 1,
        begun_at=bindparam("now"),
        first_sent=func.coalesce(_t.first_sent, bindparam("sent")),
    )
)
_settle: Final = Prepared(
    update(effects)
    .where(_t.effect_key == bindparam("own"))
    .values(
        status=bindparam("new_status"),
        outcome=bindparam("new_outcome"),
        settled_at=bindparam("now"),
    )
)


_requests: Final = gate_requests.c
_earlier_approval: Final = Prepared(
    select(_requests.id)
    .join(effects, _t.request_id == _requests.id)
    .where(
        _requests.repository_id == bindparam("repository"),
        _requests.run_id == bindparam("run"),
        _requests.environment_key == bindparam("environment"),
        _requests.run_attempt < bindparam("attempt"),
        _t.kind == EffectKind.REVIEW.value,
        _t.status == EffectStatus.DONE.value,
        _t.state == ReviewState.APPROVED.value,
        _t.settled_at >= bindparam("since", type_=UtcDateTime),
    )
    .limit(1)
)


def read_ledger(snapshot: Snapshot, request_id: RequestId) -> Ledger:
    """Read all effects of a request, in the order in which they were first intended."""
    rows = _read.rows(snapshot, {"request": request_id})
    return Ledger(tuple(_entry(row) for row in rows))


def was_approved_earlier(snapshot: Snapshot, key: RequestKey, since: datetime) -> bool:
    """Return whether GitHub took an approval of an earlier attempt of the run after a time."""
    given = {
        "repository": key.repository_id,
        "run": key.run_id,
        "attempt": key.run_attempt,
        "environment": key.environment,
        "since": since,
    }
    return _earlier_approval.first(snapshot, given) is not None


def record_intents(
    tx: Transaction,
    request: GateRequest,
    known: Ledger,
    intended: Sequence[Effect],
    *,
    decision_id: DecisionId | None,
    now: datetime,
    begin: EffectKind | None = None,
) -> None:
    """Record what is owed now, and withdraw what was owed before and is not any more.

    Effects of the kind `begin` count as begun from now on. One that was begun before is never
    touched: GitHub may have seen it.
    """
    keys = {effect.key for effect in intended}
    entries = {entry.effect.key: entry for entry in known.entries}
    for entry in known.entries:
        if entry.status is EffectStatus.INTENDED and entry.effect.key not in keys:
            _update(tx, entry.effect.key, status=EffectStatus.WITHDRAWN.value, settled_at=now)
    position = len(entries)
    for effect in intended:
        values = _columns(effect, request, decision_id, now)
        entry_now = entries.get(effect.key)
        if entry_now is None:
            values |= {"position": position, "attempts": 0, "maybe_landed": False}
            if effect.kind is begin:
                values |= _begun(effect, now)
            _insert.change(tx, values)
            position += 1
        elif is_sendable(entry_now.status):
            _update(tx, effect.key, **values)
            if effect.kind is begin:
                record_begun(tx, effect, now)


def record_begun(tx: Transaction, effect: Effect, now: datetime) -> None:
    """Record that the call is about to be made.

    Raises Superseded when the effect is not intended any more.
    """
    state = effect.state.value if effect.state is not None else None
    begun = _begin.change(tx, {"own": effect.key, "now": now, "sent": state})
    if begun != 1:
        raise Superseded("generation_moved", effect.key)


def record_outcome(
    tx: Transaction, key: str, status: EffectStatus, outcome: str, now: datetime
) -> None:
    """Record what an attempt came to; what the first one said stays on record.

    So does that one may have been applied unseen, whatever comes of the attempts after it.
    """
    values = {"own": key, "new_status": status.value, "new_outcome": outcome, "now": now}
    _settle.change(tx, values)
    if status is EffectStatus.UNKNOWN or outcome == NOT_LANDED:
        _update(tx, key, maybe_landed=True)


def record_unsent(tx: Transaction, key: str, outcome: str, now: datetime) -> bool:
    """Record that a report which was begun was certainly not sent; False if it is settled."""
    unsent = update(effects).where(_t.effect_key == key, _t.status == EffectStatus.SENDING.value)
    values = {"status": EffectStatus.INTENDED.value, "outcome": outcome, "settled_at": now}
    return tx.execute(unsent.values(values)).rowcount == 1


def _update(tx: Transaction, key: str, **values: object) -> None:
    tx.execute(update(effects).where(_t.effect_key == key).values(**values))


def _columns(
    effect: Effect, request: GateRequest, decision_id: DecisionId | None, now: datetime
) -> dict[str, Any]:
    return {
        "effect_key": effect.key,
        "request_id": request.id,
        "round": request.round,
        "kind": effect.kind.value,
        "topic": effect.topic,
        "state": effect.state.value if effect.state is not None else None,
        "comment": effect.comment,
        "deployment_id": effect.deployment_id,
        "mirrored": effect.mirrored,
        "log_url": effect.log_url,
        "status": EffectStatus.INTENDED.value,
        "decision_id": decision_id,
        "intended_at": now,
    }


def _begun(effect: Effect, now: datetime) -> dict[str, Any]:
    """Return what a first attempt leaves, as `_begin` does."""
    return {
        "status": EffectStatus.SENDING.value,
        "attempts": 1,
        "begun_at": now,
        "first_sent": effect.state.value if effect.state is not None else None,
    }


def _entry(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        effect=Effect(
            key=row.effect_key,
            kind=EffectKind(row.kind),
            topic=row.topic,
            comment=row.comment,
            state=ReviewState(row.state) if row.state is not None else None,
            deployment_id=row.deployment_id,
            mirrored=row.mirrored,
            log_url=row.log_url,
        ),
        round=row.round,
        status=EffectStatus(row.status),
        attempts=row.attempts,
        outcome=row.outcome,
        first_sent=ReviewState(row.first_sent) if row.first_sent is not None else None,
        begun_at=row.begun_at,
        maybe_landed=row.maybe_landed,
    )
