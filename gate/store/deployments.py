"""Keep what was seen of deployments: their state, and the run attempt they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from gate.domain.ids import DeploymentId, RepositoryId, RunId
from gate.store.database import Snapshot, Transaction
from gate.store.tables import deployments
from gate.store.upsert import insert_or_ignore

_t: Final = deployments.c
_own: Final = (
    _t.repository_id == bindparam("repository"),
    _t.deployment_id == bindparam("deployment"),
)
_lock: Final = select(_t.run_id, _t.run_attempt, _t.state_at).where(*_own).with_for_update()
_states: Final = select(_t.state).where(
    _t.repository_id == bindparam("repository"),
    _t.deployment_id.in_(bindparam("deployments", expanding=True)),
    _t.state.is_not(None),
)
_attempt: Final = select(_t.run_attempt).where(*_own)


@dataclass(frozen=True, slots=True)
class DeploymentSighting:
    """What one observation told of a deployment; None where it did not tell."""

    repository_id: RepositoryId
    deployment_id: DeploymentId
    environment: str
    run_id: RunId | None = None
    run_attempt: int | None = None
    state: str | None = None
    state_at: datetime | None = None


def record_deployment(tx: Transaction, seen: DeploymentSighting, seen_at: datetime) -> None:
    """Fold a sighting in: the newest state wins, a known run is never forgotten."""
    values = {
        "repository_id": seen.repository_id,
        "deployment_id": seen.deployment_id,
        "environment": seen.environment,
        "run_id": seen.run_id,
        "run_attempt": seen.run_attempt,
        "state": seen.state,
        "state_at": seen.state_at,
        "seen_at": seen_at,
    }
    if tx.execute(insert_or_ignore(tx, deployments), values).rowcount == 1:
        return
    own = {"repository": seen.repository_id, "deployment": seen.deployment_id}
    row = tx.execute(_lock, own).one()
    changes: dict[str, object] = {}
    if row.run_id is None and seen.run_id is not None:
        changes["run_id"] = seen.run_id
    if row.run_attempt is None and seen.run_attempt is not None:
        changes["run_attempt"] = seen.run_attempt
    if seen.state_at is not None and (row.state_at is None or seen.state_at >= row.state_at):
        changes["state"], changes["state_at"] = seen.state, seen.state_at
    if changes:
        tx.execute(deployments.update().where(*_own).values(seen_at=seen_at, **changes), own)


def deployment_states(
    snapshot: Snapshot, repository_id: RepositoryId, ids: Sequence[DeploymentId]
) -> tuple[str, ...]:
    """Read the newest known states of some deployments; those without one are left out."""
    if not ids:
        return ()
    rows = snapshot.scalars(_states, {"repository": repository_id, "deployments": list(ids)})
    return tuple(str(row) for row in rows)


def attempt_of(
    snapshot: Snapshot, repository_id: RepositoryId, deployment_id: DeploymentId
) -> int | None:
    """Tell which run attempt a deployment belongs to, where an event has said so."""
    own = {"repository": repository_id, "deployment": deployment_id}
    attempt: int | None = snapshot.scalar(_attempt, own)
    return attempt
