"""Let one transaction at a time write for an installation, where several nodes do.

On PostgreSQL whoever writes what concerns an installation's requests and incidents takes its turn
first, before any row: so no two transactions lock rows crosswise, and none decides by facts that
another is about to commit. On SQLite one thread writes anyway, and a turn is nothing to wait for.
See docs/adr/0019-one-installation-at-a-time.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Label, bindparam, func, select

from gate.domain.model.ids import IncidentId, InstallationId, RepositoryId, RequestId
from gate.store.engine.database import Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.tables.requests import gate_requests

_SQLITE: Final = "sqlite"


def _lock(installation: ColumnElement[int]) -> Label[None]:
    """Wait for the turn; PostgreSQL ends it with the transaction, however that ends."""
    return func.pg_advisory_xact_lock(installation).label("turn")


_by_id: Final = Prepared(select(_lock(bindparam("installation"))))
_if_free: Final = Prepared(
    select(func.pg_try_advisory_xact_lock(bindparam("installation")).label("is_ours"))
)
_by_repository: Final = Prepared(
    select(_lock(repositories.c.installation_id)).where(
        repositories.c.repository_id == bindparam("repository")
    )
)
_by_incident: Final = Prepared(
    select(_lock(incidents.c.installation_id)).where(incidents.c.id == bindparam("incident"))
)
_by_request: Final = Prepared(
    select(_lock(gate_requests.c.installation_id)).where(gate_requests.c.id == bindparam("request"))
)


def take_turns(tx: Transaction, installation_ids: Iterable[InstallationId]) -> None:
    """Wait until no other transaction writes for these installations.

    In ascending order, whatever order they are given in, so that two who want the same ones do not
    wait for each other. Call it once, as the first thing of a transaction.
    """
    if tx.dialect.name != _SQLITE:
        for installation_id in sorted(set(installation_ids)):
            _by_id.rows(tx, {"installation": installation_id})


def take_free_turns(
    tx: Transaction, installation_ids: Iterable[InstallationId]
) -> frozenset[InstallationId]:
    """Take the turns at installations that nobody else has; return the others.

    Waits for none. What concerns the others must be left for a transaction that waits.
    """
    if tx.dialect.name == _SQLITE:
        return frozenset()
    asked = set(installation_ids)
    return frozenset(it for it in asked if not _if_free.rows(tx, {"installation": it})[0].is_ours)


def take_turn(tx: Transaction, installation_id: InstallationId) -> None:
    """Wait until no other transaction writes for an installation."""
    take_turns(tx, (installation_id,))


def take_turn_of_repository(tx: Transaction, repository_id: RepositoryId) -> None:
    """Wait for the turn of a repository's installation; one that is not known has none."""
    if tx.dialect.name != _SQLITE:
        _by_repository.rows(tx, {"repository": repository_id})


def take_turn_of_request(tx: Transaction, request_id: RequestId) -> None:
    """Wait for the turn of a request's installation; one that is not known has none."""
    if tx.dialect.name != _SQLITE:
        _by_request.rows(tx, {"request": request_id})


def take_turn_of_incident(tx: Transaction, incident_id: IncidentId) -> None:
    """Wait for the turn of an incident's installation; one that is not known has none."""
    if tx.dialect.name != _SQLITE:
        _by_incident.rows(tx, {"incident": incident_id})
