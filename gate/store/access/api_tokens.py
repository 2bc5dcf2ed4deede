"""Store API tokens by their hash, find them, and note their last use.

Rows are never deleted: they show who could read, from when until when.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, or_, select, update

from gate.domain.access.api_token import Scope, StoredToken
from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId
from gate.errors import RetryLater
from gate.store.access.secret_hashes import hash_of
from gate.store.engine.codec import decode_numbers, encode_text
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.access import api_tokens

_t: Final = api_tokens.c
_insert: Final = insert_or_ignore(api_tokens)
_find: Final = Prepared(select(api_tokens).where(_t.token_hash == bindparam("hash")))
_note_use: Final = Prepared(
    update(api_tokens).where(_t.id == bindparam("token")).values(used_at=bindparam("now"))
)


def create_token(
    tx: Transaction,
    token: str,
    *,
    name: str,
    scope: Scope,
    visible: Visible,
    now: datetime,
    expires_at: datetime | None,
) -> bool:
    """Store a new token; False when an active one has the name. An expired one makes room."""
    expired = (_t.name == name, _t.revoked_at.is_(None), _t.expires_at <= now)
    tx.execute(update(api_tokens).where(*expired).values(revoked_at=_t.expires_at))
    values = {
        "name": name,
        "token_hash": hash_of(token),
        "scope": scope.value,
        "repositories": _written(visible),
        "created_at": now,
        "expires_at": expires_at,
    }
    return _insert.change(tx, values) == 1


def find_token(snapshot: Snapshot, token: str) -> StoredToken | None:
    """Find a token, whatever became of it."""
    row = _find.first(snapshot, {"hash": hash_of(token)})
    return _stored(row) if row is not None else None


def list_tokens(snapshot: Snapshot) -> list[StoredToken]:
    """List the tokens that were ever created, newest first."""
    return [_stored(row) for row in snapshot.execute(select(api_tokens).order_by(_t.id.desc()))]


def revoke_token(tx: Transaction, name: str, now: datetime) -> bool:
    """Revoke the active token of a name; False when there is none."""
    is_active = _t.revoked_at.is_(None) & or_(_t.expires_at.is_(None), _t.expires_at > now)
    query = update(api_tokens).where(_t.name == name, is_active).values(revoked_at=now)
    return tx.execute(query).rowcount == 1


def note_use(database: Database, token_id: int, now: datetime) -> None:
    """Note that a token was used, without waiting for it: another thread writes.

    A use that cannot be noted is not worth refusing a read for.
    """

    def work(tx: Transaction) -> None:
        _note_use.change(tx, {"token": token_id, "now": now})

    with suppress(RetryLater):
        database.submit(work, _ignore_outcome, _hand_to_nobody)


def _ignore_outcome(_result: object, _failure: BaseException | None) -> None:
    """Take what became of a note: nobody waits for it."""


def _hand_to_nobody(_calls: Iterable[object]) -> None:
    """Make none of the calls that would report outcomes."""


def _written(visible: Visible) -> str | None:
    return None if visible.repositories is None else encode_text(sorted(visible.repositories))


def _stored(row: Row[Any]) -> StoredToken:
    repositories = None
    if row.repositories is not None:
        repositories = frozenset(RepositoryId(it) for it in decode_numbers(row.repositories))
    return StoredToken(
        id=row.id,
        name=row.name,
        scope=Scope(row.scope),
        visible=Visible(repositories),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
