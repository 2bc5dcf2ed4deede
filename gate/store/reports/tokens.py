"""Remember which tokens of workflow runs were used: each is taken once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gate.store.engine.database import Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.reports import spent_tokens

_insert: Final = insert_or_ignore(spent_tokens)


def spend_token(tx: Transaction, token_id: str, expires_at: datetime) -> bool:
    """Use a token up; False when it was used before. It is remembered until it is long expired."""
    return _insert.change(tx, {"token_id": token_id, "expires_at": expires_at}) == 1
