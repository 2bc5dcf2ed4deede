"""Read which deployments an environment holds now, for the pages of its incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from gate.domain.model.ids import RepositoryId, RequestId, RunId
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.requests import gate_requests
from gate.store.requests.requests import IS_UNDECIDED

_t: Final = gate_requests.c


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A deployment that waits, since `waiting_since`; it is rejected at `give_up_at`."""

    id: RequestId
    run_id: RunId
    run_attempt: int
    environment: str
    head_sha: str
    waiting_since: datetime
    give_up_at: datetime | None


def list_held(
    snapshot: Snapshot, repository_id: RepositoryId, environment_key: str, most: int
) -> list[HeldRequest]:
    """List the deployments that wait for an environment, the oldest first."""
    query = (
        select(
            _t.id,
            _t.run_id,
            _t.run_attempt,
            _t.environment,
            _t.head_sha,
            _t.waiting_since,
            _t.give_up_at,
        )
        .where(
            _t.repository_id == repository_id, _t.environment_key == environment_key, IS_UNDECIDED
        )
        .order_by(_t.id)
        .limit(most)
    )
    return [HeldRequest(*row) for row in snapshot.execute(query)]


def count_held(
    snapshot: Snapshot, repositories: Collection[RepositoryId]
) -> Counter[tuple[int, str]]:
    """Count the deployments that wait, by repository and environment (folded)."""
    query = (
        select(_t.repository_id, _t.environment_key, func.count().label("held"))
        .where(_t.repository_id.in_(repositories), IS_UNDECIDED)
        .group_by(_t.repository_id, _t.environment_key)
    )
    rows = snapshot.execute(query)
    return Counter({(row.repository_id, row.environment_key): row.held for row in rows})
