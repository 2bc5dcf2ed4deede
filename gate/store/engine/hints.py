"""Note on a transaction what it makes due.

Whatever writes the time at which a row is due notes it here, so that no caller can forget to.
"""

from __future__ import annotations

from gate.domain.model.hints import Hint, RequestHint
from gate.domain.model.ids import RequestId
from gate.store.engine.carrier import NOTED
from gate.store.engine.database import Transaction


def note(tx: Transaction, hint: Hint) -> None:
    """Note what a transaction makes due."""
    tx.info.setdefault(NOTED, []).append(hint)


def retract(tx: Transaction, request_id: RequestId) -> None:
    """Forget what was noted of a request, since this very transaction takes it up."""
    noted: list[Hint] | None = tx.info.get(NOTED)
    if noted:
        tx.info[NOTED] = [
            it for it in noted if not (isinstance(it, RequestHint) and it.request_id == request_id)
        ]
