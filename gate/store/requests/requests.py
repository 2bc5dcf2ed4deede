"""Store gate requests: where each stands, when it is due, and who is at work on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select, text

from gate.domain.model.ids import (
    InstallationId,
    RepositoryId,
    RequestId,
    RequestKey,
    RunId,
    Sha,
)
from gate.domain.model.request import (
    CLOSED_WITHOUT_US,
    GateRequest,
    RequestState,
    ReviewState,
)
from gate.domain.requests.closing import Closure
from gate.store.engine.codec import decode_ids, decode_names
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.requests import gate_requests

_NEWEST: Final = 200
_t: Final = gate_requests.c
IS_UNDECIDED: Final = text("gate_requests.state IN ('open', 'waiting', 'answering')")
"""Written out, so that both databases see that the partial index serves it."""


_selected: Final[Select[Any]] = select(
    _t.id,
    _t.installation_id,
    _t.repository_id,
    _t.run_id,
    _t.run_attempt,
    _t.environment_key,
    _t.environment,
    _t.head_sha,
    _t.state,
    _t.round,
    _t.deployments,
    _t.unanswered,
    _t.opened_at,
    _t.waiting_since,
    _t.missed_at,
    _t.answer,
    _t.answered_at,
    _t.generation,
)
_by_id: Final = Prepared(_selected.where(_t.id == bindparam("request")))
SELECTED_BY_KEY: Final = _selected.where(
    _t.repository_id == bindparam("repository"),
    _t.run_id == bindparam("run"),
    _t.run_attempt == bindparam("attempt"),
    _t.environment_key == bindparam("environment"),
)
_by_key: Final = Prepared(SELECTED_BY_KEY)
_undecided: Final = Prepared(
    _selected.where(_t.repository_id == bindparam("repository"), IS_UNDECIDED).order_by(_t.id)
)
_watching: Final = Prepared(
    select(_t.id, _t.run_id, _t.run_attempt, _t.watched).where(
        _t.repository_id == bindparam("repository"), IS_UNDECIDED
    )
)
_is_due: Final = (
    select(_t.id, _t.installation_id)
    .where(
        _t.due_at.is_not(None),
        _t.due_at <= bindparam("now"),
        or_(_t.lease_until.is_(None), _t.lease_until <= bindparam("now")),
    )
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)
_due: Final = Prepared(_is_due)
_due_of_others: Final = _is_due.where(_t.installation_id.not_in(bindparam("seen", expanding=True)))


def read_request(snapshot: Snapshot, request_id: RequestId) -> GateRequest | None:
    """Read a request."""
    row = _by_id.first(snapshot, {"request": request_id})
    return request_of(row) if row is not None else None


def find_request(snapshot: Snapshot, key: RequestKey) -> GateRequest | None:
    """Find the request of a run attempt and environment."""
    row = _by_key.first(snapshot, key_values(key))
    return request_of(row) if row is not None else None


def undecided_requests(snapshot: Snapshot, repository_id: RepositoryId) -> list[GateRequest]:
    """List the requests of a repository that still owe GitHub an answer."""
    rows = _undecided.rows(snapshot, {"repository": repository_id})
    return [request_of(row) for row in rows]


def known_environments(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> frozenset[str]:
    """Return the environments (folded names) of a run attempt about which nothing is amiss.

    Those are the ones with a request that waits or that we have answered, and those whose answer
    GitHub does not take: it would not take it the next time either.
    """
    rows = snapshot.scalars(
        select(_t.environment_key).where(
            _t.repository_id == repository_id,
            _t.run_id == run_id,
            _t.run_attempt == run_attempt,
            or_(
                _t.state.not_in([state.value for state in CLOSED_WITHOUT_US]),
                and_(_t.state == RequestState.UNANSWERABLE, _t.reason != Closure.RUN_GONE),
            ),
        )
    )
    return frozenset(rows)


def gated_paths(snapshot: Snapshot, repository_id: RepositoryId) -> frozenset[str]:
    """List the workflow files whose runs have asked us, as far as the newest requests show."""
    newest = (
        select(_t.run_id, _t.run_attempt)
        .where(_t.repository_id == repository_id)
        .order_by(_t.run_id.desc())
        .limit(_NEWEST)
        .subquery()
    )
    paths = (
        select(runs.c.path)
        .join(
            newest,
            (runs.c.run_id == newest.c.run_id) & (runs.c.run_attempt == newest.c.run_attempt),
        )
        .where(runs.c.repository_id == repository_id)
        .distinct()
    )
    return frozenset(snapshot.scalars(paths))


@dataclass(frozen=True, slots=True)
class DueRequest:
    """A request to look at, and whose it is."""

    id: RequestId
    installation_id: InstallationId


def due_requests(snapshot: Snapshot, now: datetime, limit: int) -> list[DueRequest]:
    """List the requests to look at that nobody is at work on, longest due first.

    Where more are due than `limit`, those of the installations that are not among them follow, up
    to as many again: so nobody waits until another one's thousands are done.
    """
    rows = _due.rows(snapshot, {"now": now, "most": limit})
    if len(rows) == limit:
        seen = {row.installation_id for row in rows}
        others = {"now": now, "most": limit, "seen": sorted(seen)}
        rows += snapshot.execute(_due_of_others, others)
    return [DueRequest(RequestId(row.id), InstallationId(row.installation_id)) for row in rows]


@dataclass(frozen=True, slots=True)
class Watch:
    """An undecided request, and the workflow files its last decision rested on."""

    id: RequestId
    run_id: RunId
    run_attempt: int
    paths: tuple[str, ...]


def read_watches(snapshot: Snapshot, repository_id: RepositoryId) -> list[Watch]:
    """List what the undecided requests of a repository wait for.

    A request that was not decided yet watches nothing, but is due anyway.
    """
    rows = _watching.rows(snapshot, {"repository": repository_id})
    return [
        Watch(RequestId(row.id), RunId(row.run_id), row.run_attempt, decode_names(row.watched))
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Undecided:
    """How many requests are undecided, and since when the longest of them waits."""

    undecided: int
    oldest: datetime | None


def count_undecided(snapshot: Snapshot) -> Undecided:
    """Count what waits, for the metrics."""
    row = snapshot.execute(
        select(func.count(), func.min(_t.waiting_since)).where(IS_UNDECIDED)
    ).one()
    return Undecided(row[0], row[1])


def key_values(key: RequestKey) -> dict[str, Any]:
    """Return a request's key as the parameters of `SELECTED_BY_KEY`."""
    return {
        "repository": key.repository_id,
        "run": key.run_id,
        "attempt": key.run_attempt,
        "environment": key.environment,
    }


def request_of(row: Row[Any]) -> GateRequest:
    """Build the request that a row keeps."""
    return GateRequest(
        id=RequestId(row.id),
        key=RequestKey(
            RepositoryId(row.repository_id), RunId(row.run_id), row.run_attempt, row.environment_key
        ),
        installation_id=InstallationId(row.installation_id),
        environment=row.environment,
        head_sha=Sha(row.head_sha),
        state=RequestState(row.state),
        round=row.round,
        deployment_ids=decode_ids(row.deployments),
        unanswered=decode_ids(row.unanswered),
        opened_at=row.opened_at,
        waiting_since=row.waiting_since,
        missed_at=row.missed_at,
        answer=ReviewState(row.answer) if row.answer is not None else None,
        answered_at=row.answered_at,
        generation=row.generation,
    )
