"""Carry what a transaction has noted to whoever does the work, once it is durable.

What a transaction notes (`gate.store.engine.hints`) ends with it: one that was rolled back tells
nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

from sqlalchemy import Connection

from gate.domain.model.hints import Hint

if TYPE_CHECKING:  # the database itself works with carriers
    from gate.store.engine.database import Transaction

NOTED: Final = "gate.hints"
"""Where on a connection the hints of its transaction are."""


class Carrier(Protocol):
    """Carries hints from the transactions that note them to whoever does the work."""

    def store(self, tx: Transaction, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Write, in the transaction itself, what others are to hear; return what is for us.

        Called again with the same hints when a transaction is run again.
        """
        ...

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Take what `store` returned, once the transaction is durable; must not raise."""
        ...


class NoCarrier:
    """Carries nothing: for commands, which do no work and are over soon."""

    def store(self, tx: Transaction, hints: Sequence[Hint]) -> Sequence[Hint]:  # noqa: ARG002 - the port's
        """Write nothing; the rows are found all the same."""
        return ()

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Do nothing: nothing is for us."""


def collect(connection: Connection) -> list[Hint]:
    """Return what was noted since this was last called on the connection, and forget it."""
    noted: list[Hint] | None = connection.info.pop(NOTED, None)
    return noted or []


def as_transaction(connection: Connection) -> Transaction:
    """Return a connection on which a transaction was begun as what it differs from by type only."""
    return cast("Transaction", connection)
