"""Store the account of each installation from which the nodes lease.

One row changes in each transaction and no other table, so it needs no turn (docs/adr/0019).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from gate.domain.limits.account import Account, Ask, Leased, Limits, Wait, lease
from gate.store.engine.codec import decode_account, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.limits import limit_accounts

_t: Final = limit_accounts.c
_APP: Final = 0
"""The App's own account; GitHub numbers installations from 1."""
_open: Final = insert_or_ignore(limit_accounts)


def lease_tokens(
    tx: Transaction,
    installation_id: int | None,
    ask: Ask,
    limits: Limits,
    server_time: Callable[[Snapshot], datetime],
) -> Leased | Wait:
    """Lease tokens of an installation (None: the App's own calls) to a node.

    `server_time` reads the database's clock, by which all nodes go to the same moment.
    """
    account, now = _lock(tx, installation_id, server_time)
    account, answer = lease(account, ask, limits, now)
    _keep(tx, installation_id, account)
    return answer


def pause(
    tx: Transaction,
    installation_id: int | None,
    length: timedelta,
    server_time: Callable[[Snapshot], datetime],
) -> None:
    """Let no node call for an installation, from now on for so long."""
    account, now = _lock(tx, installation_id, server_time)
    _keep(tx, installation_id, account.paused(now + length))


def _lock(
    tx: Transaction, installation_id: int | None, server_time: Callable[[Snapshot], datetime]
) -> tuple[Account, datetime]:
    """Read an account that nobody else changes until the transaction ends, and then the time."""
    asked = select(_t.account).where(_t.installation_id == _number(installation_id))
    found = tx.scalar(asked.with_for_update())
    if found is None:
        fresh = {"installation_id": _number(installation_id), "account": encode(Account())}
        _open.change(tx, fresh)
        found = tx.execute(asked.with_for_update()).scalar_one()
    # The time after the wait for the row, so that no account is changed as of an earlier time.
    return decode_account(found), server_time(tx)


def _keep(tx: Transaction, installation_id: int | None, account: Account) -> None:
    changed = update(limit_accounts).where(_t.installation_id == _number(installation_id))
    tx.execute(changed.values(account=encode(account)))


def _number(installation_id: int | None) -> int:
    return _APP if installation_id is None else installation_id
