"""Store sign-ins that are under way, each used once and by the browser that began it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select

from gate.domain.access.session import SIGN_IN_LASTS
from gate.store.access.secret_hashes import hash_of
from gate.store.engine.database import Transaction
from gate.store.engine.tables.access import sign_ins

MOST: Final = 10_000
"""Sign-ins under way at once: anybody may begin one, and nobody shall fill the disk.

The oldest makes room for one more. If the new one were refused instead, a burst of sign-ins that
nobody finishes would keep all others out until it expires.
"""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in under way: its sealed PKCE verifier, and where the browser goes afterwards."""

    verifier: bytes
    destination: str


def begin_sign_in(
    tx: Transaction, state: str, browser: str, sign_in: SignIn, now: datetime
) -> None:
    """Record a sign-in, in place of the oldest where too many are under way."""
    t = sign_ins.c
    tx.execute(delete(sign_ins).where(t.started_at <= now - SIGN_IN_LASTS)).close()
    excess = (tx.scalar(select(func.count()).select_from(sign_ins)) or 0) - MOST + 1
    if excess > 0:
        oldest = select(t.state_hash).order_by(t.started_at).limit(excess)
        tx.execute(delete(sign_ins).where(t.state_hash.in_(oldest))).close()
    tx.execute(
        insert(sign_ins).values(
            state_hash=hash_of(state),
            browser_hash=hash_of(browser),
            verifier=sign_in.verifier,
            destination=sign_in.destination,
            started_at=now,
        )
    ).close()


def take_sign_in(tx: Transaction, state: str, browser: str, now: datetime) -> SignIn | None:
    """Use up the sign-in that this browser began with this state; None when there is none.

    Another browser's attempt leaves it as it is.
    """
    t = sign_ins.c
    mine = (t.state_hash == hash_of(state)) & (t.browser_hash == hash_of(browser))
    taken = tx.execute(
        delete(sign_ins).where(mine).returning(t.verifier, t.destination, t.started_at)
    ).one_or_none()
    if taken is None or taken.started_at <= now - SIGN_IN_LASTS:
        return None
    return SignIn(taken.verifier, taken.destination)
