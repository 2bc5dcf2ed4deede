"""Store the sessions of people: found by their secret, of which only the hash is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, true, update

from gate.domain.access.session import LOOK_AFTER, LOOK_AGAIN, LOOK_LASTS, Session, is_over
from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId
from gate.store.access.secret_hashes import hash_of
from gate.store.engine.codec import decode_numbers, encode_text
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.tables.access import sessions

_t: Final = sessions.c
_COLUMNS: Final = (
    _t.id,
    _t.account_id,
    _t.login,
    _t.created_at,
    _t.seen_at,
    _t.checked_at,
    _t.look_at,
    _t.repositories,
)
MOST_LISTED: Final = 1_000


def create_session(
    tx: Transaction,
    secret: str,
    *,
    account_id: int,
    login: str,
    visible: Visible,
    tokens: bytes,
    now: datetime,
) -> int:
    """Begin a session and return its id; `tokens` are sealed."""
    added = insert(sessions).values(
        secret_hash=hash_of(secret),
        account_id=account_id,
        login=login,
        created_at=now,
        seen_at=now,
        checked_at=now,
        look_at=now + LOOK_AFTER,
        repositories=_listed(visible),
        tokens=tokens,
    )
    return int(tx.execute(added.returning(_t.id)).scalar_one())


def find_session(snapshot: Snapshot, secret: str, now: datetime) -> Session | None:
    """Find the session of a secret; None when there is none or it has ended."""
    row = snapshot.execute(select(*_COLUMNS).where(_t.secret_hash == hash_of(secret))).one_or_none()
    session = None if row is None else _session(row)
    return None if session is None or is_over(session, now) else session


def read_tokens(snapshot: Snapshot, session_id: int) -> bytes | None:
    """Read the sealed tokens of a session; None when it is gone."""
    return snapshot.scalar(select(_t.tokens).where(_t.id == session_id))


def save_tokens(tx: Transaction, session_id: int, tokens: bytes) -> bool:
    """Replace the sealed tokens of a session; False when it is gone."""
    changed = update(sessions).where(_t.id == session_id).values(tokens=tokens)
    return tx.execute(changed).rowcount == 1


def record_use(tx: Transaction, session_id: int, now: datetime) -> None:
    """Record that a session is in use."""
    changed = update(sessions).where(_t.id == session_id, _t.seen_at < now)
    tx.execute(changed.values(seen_at=now)).close()


def claim_look(tx: Transaction, session: Session, now: datetime) -> bool:
    """Claim to ask GitHub on behalf of a session; False when another request does already."""
    due = update(sessions).where(_t.id == session.id, _t.look_at == session.look_at)
    return tx.execute(due.values(look_at=now + LOOK_LASTS)).rowcount == 1


def record_look(
    tx: Transaction, session_id: int, *, login: str, visible: Visible, asked_at: datetime
) -> None:
    """Record what GitHub answered to a question of `asked_at`."""
    changed = update(sessions).where(_t.id == session_id)
    values = {
        "login": login,
        "repositories": _listed(visible),
        "checked_at": asked_at,
        "look_at": asked_at + LOOK_AFTER,
    }
    tx.execute(changed.values(values)).close()


def record_failed_look(tx: Transaction, session_id: int, now: datetime) -> None:
    """Record that GitHub did not answer; it is asked again soon."""
    changed = update(sessions).where(_t.id == session_id)
    tx.execute(changed.values(look_at=now + LOOK_AGAIN)).close()


def sessions_of(snapshot: Snapshot, account_id: int, now: datetime) -> list[Session]:
    """List the sessions of a person that have not ended, newest first."""
    return _read(snapshot, select(*_COLUMNS).where(_t.account_id == account_id), now)


def all_sessions(snapshot: Snapshot, now: datetime) -> list[Session]:
    """List the newest sessions that have not ended, newest first, up to a thousand."""
    return _read(snapshot, select(*_COLUMNS), now)


def end_session(tx: Transaction, session_id: int) -> list[bytes]:
    """End one session; return the sealed tokens of those that ended."""
    return _end(tx, _t.id == session_id)


def end_session_of_secret(tx: Transaction, secret: str) -> list[bytes]:
    """End the session of a secret; return the sealed tokens of those that ended."""
    return _end(tx, _t.secret_hash == hash_of(secret))


def end_sessions_of(tx: Transaction, account_id: int) -> list[bytes]:
    """End every session of a person; return the sealed tokens of those that ended."""
    return _end(tx, _t.account_id == account_id)


def end_oldest_sessions(tx: Transaction, account_id: int, keep: int) -> list[bytes]:
    """End a person's sessions but the newest; return the sealed tokens of those that ended."""
    own = select(_t.id).where(_t.account_id == account_id)
    return _end(tx, _t.id.in_(own.order_by(_t.id.desc()).offset(keep)))


def end_sessions_of_login(tx: Transaction, login: str) -> list[bytes]:
    """End every session of a login, in any case; return the sealed tokens of those that ended."""
    return _end(tx, func.lower(_t.login) == login.lower())


def end_all_sessions(tx: Transaction) -> list[bytes]:
    """End every session; return their sealed tokens."""
    return _end(tx, true())


def _end(tx: Transaction, which: ColumnElement[bool]) -> list[bytes]:
    return list(tx.scalars(delete(sessions).where(which).returning(_t.tokens)))


def _read(snapshot: Snapshot, query: Select[Any], now: datetime) -> list[Session]:
    rows = snapshot.execute(query.order_by(_t.id.desc()).limit(MOST_LISTED))
    return [it for it in map(_session, rows) if not is_over(it, now)]


def _session(row: Any) -> Session:  # noqa: ANN401  # a row of _COLUMNS
    return Session(
        id=row.id,
        account_id=row.account_id,
        login=row.login,
        created_at=row.created_at,
        seen_at=row.seen_at,
        checked_at=row.checked_at,
        look_at=row.look_at,
        visible=Visible(frozenset(_ids(decode_numbers(row.repositories)))),
    )


def _ids(numbers: Iterable[int]) -> Iterable[RepositoryId]:
    return (RepositoryId(it) for it in numbers)


def _listed(visible: Visible) -> str:
    """Write the ids; a person never sees everything, so None is a mistake of ours."""
    if visible.repositories is None:
        raise ValueError("a person cannot see every repository")
    return encode_text(sorted(visible.repositories))
