"""API tokens in a database: found by hash, one active of a name, revoked and expired at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gate.domain.access.api_token import Scope, TokenState
from gate.domain.model.access import EVERYTHING, Visible
from gate.store.access.api_tokens import (
    create_token,
    find_token,
    list_tokens,
    note_use,
    revoke_token,
)
from gate.store.engine.database import Database
from gate.store.engine.tables.access import api_tokens
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import FORK, NOW, REPOSITORY, before
from tests.support.threads import at_once

DAY = timedelta(days=1)


def create(
    database: Database,
    token: str,
    name: str = "ci",
    *,
    visible: Visible = EVERYTHING,
    now: datetime = NOW,
    expires_at: datetime | None = None,
) -> bool:
    """Create a token that reads."""
    return database.transact(
        lambda tx: create_token(
            tx,
            token,
            name=name,
            scope=Scope.READ,
            visible=visible,
            now=now,
            expires_at=expires_at,
        )
    )


def state(database: Database, token: str, now: datetime = NOW) -> TokenState | None:
    """Return what became of a token."""
    found = database.read(lambda it: find_token(it, token))
    return found.state(now) if found is not None else None


@pytest.mark.parametrize("visible", [EVERYTHING, Visible(frozenset({REPOSITORY, FORK}))])
def test_a_token_is_found_by_itself_only(database: Database, visible: Visible) -> None:
    """The database holds no token, and a hash is none."""
    assert create(database, "gate_secret", visible=visible, expires_at=NOW + DAY)
    found = database.read(lambda it: find_token(it, "gate_secret"))
    assert found is not None
    assert (found.name, found.scope, found.visible) == ("ci", Scope.READ, visible)
    assert (found.created_at, found.expires_at, found.used_at) == (NOW, NOW + DAY, None)
    rows = database.read(lambda it: it.execute(select(api_tokens)).all())
    assert "gate_secret" not in str(rows)
    assert state(database, rows[0].token_hash) is None


def test_expiry_and_revocation_count_at_once(database: Database) -> None:
    """The last instant of a token is before the one at which it expires."""
    create(database, "one", "one", expires_at=NOW + DAY)
    create(database, "two", "two")
    assert state(database, "one", NOW + DAY - timedelta(microseconds=1)) is TokenState.ACTIVE
    assert state(database, "one", NOW + DAY) is TokenState.EXPIRED
    assert database.transact(lambda tx: revoke_token(tx, "two", NOW))
    assert state(database, "two") is TokenState.REVOKED
    assert not database.transact(lambda tx: revoke_token(tx, "two", NOW))
    assert not database.transact(lambda tx: revoke_token(tx, "one", NOW + DAY))


def test_one_active_token_has_a_name(database: Database) -> None:
    """A name is free again once its token was revoked or has expired."""
    assert create(database, "a", now=before(days=2), expires_at=before(days=1))
    assert create(database, "b")
    assert not create(database, "c")
    database.transact(lambda tx: revoke_token(tx, "ci", NOW))
    assert create(database, "d")
    assert [it.state(NOW).value for it in database.read(list_tokens)] == [
        "active", "revoked", "revoked"
    ]  # fmt: skip
    assert state(database, "c") is None


def test_of_two_at_once_one_gets_the_name(database: Database) -> None:
    """Two operators do not end up with tokens that `gate token revoke` cannot tell apart."""
    made: list[bool] = []
    at_once([lambda it=it: made.append(create(database, it)) for it in "abc"])  # type: ignore[misc]
    assert sorted(made) == [False, False, True]


def test_a_use_is_noted(database: Database, open_database: OpenDatabase) -> None:
    """The last one stays, and another within the minute need not be noted."""
    create(database, "a")
    found = database.read(lambda it: find_token(it, "a"))
    assert found is not None
    note_use(database, found.id, NOW)
    database.close()  # what was queued is written
    used = open_database().read(lambda it: find_token(it, "a"))
    assert used is not None
    assert used.used_at == NOW
    assert used.is_use_noted(NOW + timedelta(seconds=59))
    assert not used.is_use_noted(NOW + timedelta(seconds=60))
