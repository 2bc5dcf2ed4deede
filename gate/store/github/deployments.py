"""Store what was seen of deployments: their state, and the run attempt they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from gate.domain.model.deployments import is_later
from gate.domain.model.ids import DeploymentId, RepositoryId, RunId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.github import deployments

_t: Final = deployments.c
_own: Final = (
    _t.repository_id == bindparam("repository"),
    _t.deployment_id == bindparam("deployment"),
)
_insert: Final = insert_or_ignore(deployments)
_lock: Final = Prepared(
    select(_t.run_id, _t.run_attempt, _t.state, _t.state_at).where(*_own).with_for_update()
)
_update: Final = Prepared(
    deployments.update()
    .where(*_own)
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("run_id", "run_attempt", "state", "state_at", "seen_at")
        }
    )
)
_state: Final = Prepared(select(_t.state).where(*_own, _t.state.is_not(None)))
_attempt: Final = Prepared(select(_t.run_attempt).where(*_own))


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
    """Fold a sighting in, in any order: the newest state wins, a known run is never forgotten."""
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
    if _insert.change(tx, values) == 1:
        return
    own: dict[str, Any] = {"repository": seen.repository_id, "deployment": seen.deployment_id}
    row = _lock.first(tx, own)
    state, state_at = row.state, row.state_at
    if (
        seen.state is not None
        and seen.state_at is not None
        and (state_at is None or is_later(seen.state, seen.state_at, state, state_at))
    ):
        state, state_at = seen.state, seen.state_at
    known = {
        "new_run_id": seen.run_id if row.run_id is None else row.run_id,
        "new_run_attempt": seen.run_attempt if row.run_attempt is None else row.run_attempt,
        "new_state": state,
        "new_state_at": state_at,
    }
    if tuple(known.values()) != tuple(row):
        _update.change(tx, own | known | {"new_seen_at": seen_at})


def deployment_states(
    snapshot: Snapshot, repository_id: RepositoryId, ids: Sequence[DeploymentId]
) -> tuple[str, ...]:
    """Read the newest known states of some deployments; those without one are left out."""
    return tuple(state for _, state in known_states(snapshot, repository_id, ids))


def known_states(
    snapshot: Snapshot, repository_id: RepositoryId, ids: Sequence[DeploymentId]
) -> Iterator[tuple[DeploymentId, str]]:
    """Return the newest known state of each of some deployments that has one."""
    for deployment_id in ids:
        own = {"repository": repository_id, "deployment": deployment_id}
        row = _state.first(snapshot, own)
        if row is not None:
            yield deployment_id, row.state


def attempt_of(
    snapshot: Snapshot, repository_id: RepositoryId, deployment_id: DeploymentId
) -> int | None:
    """Return which run attempt a deployment belongs to, where an event has said so."""
    own = {"repository": repository_id, "deployment": deployment_id}
    row = _attempt.first(snapshot, own)
    attempt: int | None = row.run_attempt if row is not None else None
    return attempt
