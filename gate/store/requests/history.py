"""Read the history of all requests, the newest first, narrowed down and page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Row,
    Select,
    select,
    text,
    tuple_,
)

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId, RequestId, RunId, environment_key
from gate.store.engine.codec import decode_decision
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.requests.deeds import is_touched_by, oldest_asking

_OVERRIDE: Final = "override"
_t: Final = gate_requests.c
_IS_HISTORY: Final = text("gate_requests.round > 0")
"""Written out, so that the databases see that the partial indexes serve it."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which requests are wanted; None is any. `since` and `until` are about the first asking.

    `person` is the login, in any spelling, of someone whose deed is on the request's trail.
    """

    repository_id: RepositoryId | None = None
    environment: str | None = None
    person: str | None = None
    reason: str | None = None
    verdict: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """The last request of a page; requests that come later are on the pages before it."""

    opened_at: datetime
    id: RequestId


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A request with its present outcome; `overridden_by` are logins, empty without override."""

    id: RequestId
    opened_at: datetime
    repository: str
    environment: str
    run_id: RunId
    run_attempt: int
    head_sha: str
    state: str
    verdict: str | None
    reason: str | None
    answered_at: datetime | None
    overridden_by: tuple[str, ...] = ()

    @property
    def cursor(self) -> HistoryCursor:
        """Return the cursor behind this request."""
        return HistoryCursor(self.opened_at, self.id)


def list_history(
    snapshot: Snapshot,
    wanted: HistoryFilter,
    visible: Visible,
    *,
    limit: int,
    after: HistoryCursor | None = None,
) -> list[HistoryEntry]:
    """List at most `limit` requests, from the one after the cursor on.

    A page is two statements, five for a person, however many of its requests were overridden.
    """
    query = (
        _narrowed(snapshot, wanted, visible)
        .order_by(_t.opened_at.desc(), _t.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            _t.opened_at <= after.opened_at,
            tuple_(_t.opened_at, _t.id) < (after.opened_at, after.id),
        )
    rows = snapshot.execute(query).all()
    overriders = _read_overriders(snapshot, rows)
    return [_entry(row, overriders) for row in rows]


def _narrowed(
    snapshot: Snapshot, wanted: HistoryFilter, visible: Visible
) -> Select[*tuple[Any, ...]]:
    query = only_visible(_query().where(_IS_HISTORY), _t.repository_id, visible)
    equal = {
        "repository_id": wanted.repository_id,
        "environment_key": (
            environment_key(wanted.environment) if wanted.environment is not None else None
        ),
        "reason": wanted.reason,
        "verdict": wanted.verdict,
        "state": wanted.state,
    }
    for name, value in equal.items():
        if value is not None:
            query = query.where(_t[name] == value)
    if wanted.since is not None:
        query = query.where(_t.opened_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_t.opened_at < wanted.until)
    if wanted.person is not None:
        since = _latest(wanted.since, oldest_asking(snapshot))
        query = query.where(is_touched_by(snapshot, wanted.person, since))
    return query


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((it for it in (one, other) if it is not None), default=None)


def _query() -> Select[*tuple[Any, ...]]:
    return select(
        _t.id,
        _t.opened_at,
        repositories.c.full_name,
        _t.environment,
        _t.run_id,
        _t.run_attempt,
        _t.head_sha,
        _t.state,
        _t.verdict,
        _t.reason,
        _t.answered_at,
        _t.decision_id,
    ).join(repositories, repositories.c.repository_id == _t.repository_id)


def _read_overriders(snapshot: Snapshot, rows: Iterable[Row[Any]]) -> Mapping[int, tuple[str, ...]]:
    """Read who overrode which of some requests, by the numbers of the decisions."""
    wanted = [row.decision_id for row in rows if row.reason == _OVERRIDE and row.decision_id]
    if not wanted:
        return {}
    query = select(decisions.c.id, decisions.c.decision).where(decisions.c.id.in_(wanted))
    found: dict[int, tuple[str, ...]] = {}
    for row in snapshot.execute(query):
        override = decode_decision(row.decision).override
        claims = override.claims if override is not None else ()
        found[row.id] = tuple(claim.person.login for claim in claims)
    return found


def _entry(row: Row[Any], overriders: Mapping[int, tuple[str, ...]]) -> HistoryEntry:
    return HistoryEntry(
        id=RequestId(row.id),
        opened_at=row.opened_at,
        repository=row.full_name,
        environment=row.environment,
        run_id=RunId(row.run_id),
        run_attempt=row.run_attempt,
        head_sha=row.head_sha,
        state=row.state,
        verdict=row.verdict,
        reason=row.reason,
        answered_at=row.answered_at,
        overridden_by=overriders.get(row.decision_id, ()),
    )
