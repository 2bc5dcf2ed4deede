"""Read from the trail who let requests past their holds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, text

from gate.domain.model.ids import environment_key
from gate.domain.statistics.record import Period, Release
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.unindexed import unindexed
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.visibility import only_visible
from gate.store.statistics.scope import Scope, during

_OVERRIDDEN: Final = "override.recorded"
_BYPASSED: Final = "bypass.detected"

_t: Final = audit_entries.c


def read_releases(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[Release, ...]:
    """Read the overrides and bypasses that were recorded in the period."""
    query = select(
        _t.at, _t.repository_id, _t.run_id, _t.run_attempt, _t.environment, _t.kind, _t.actor
    ).where(
        # Literal, so that SQLite sees that its partial index has all of them.
        text(f"kind IN ('{_OVERRIDDEN}', '{_BYPASSED}')"),
        *during(period, _t.at),
    )
    shown = only_visible(query, unindexed(_t.repository_id), scope.repositories)
    found = (
        Release(
            row.at,
            row.repository_id,
            row.run_id,
            row.run_attempt,
            # The trail spells an environment as GitHub did.
            environment_key(row.environment),
            row.actor,
            is_bypass=row.kind == _BYPASSED,
        )
        for row in snapshot.execute(shown)
    )
    return tuple(it for it in found if scope.environment_key in {None, it.environment})
