"""Keep gate requests: where each stands, when it is due, and who is at work on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, func, literal, or_, select, text, update

from gate.domain.model.ids import (
    DeploymentId,
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
from gate.store.engine.codec import decode_ids, decode_names, encode_ids
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.prepared import Prepared
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.requests import gate_requests
from gate.store.engine.upsert import insert_or_ignore

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
_insert: Final = insert_or_ignore(gate_requests)
_by_id: Final = Prepared(_selected.where(_t.id == bindparam("request")))
_selected_by_key: Final = _selected.where(
    _t.repository_id == bindparam("repository"),
    _t.run_id == bindparam("run"),
    _t.run_attempt == bindparam("attempt"),
    _t.environment_key == bindparam("environment"),
)
_by_key: Final = Prepared(_selected_by_key)
_locked_by_key: Final = Prepared(_selected_by_key.with_for_update())
_undecided: Final = Prepared(
    _selected.where(_t.repository_id == bindparam("repository"), IS_UNDECIDED).order_by(_t.id)
)
_watching: Final = Prepared(
    select(_t.id, _t.run_id, _t.run_attempt, _t.watched).where(
        _t.repository_id == bindparam("repository"), IS_UNDECIDED
    )
)
_awake: Final = (
    update(gate_requests)
    .where(IS_UNDECIDED)
    .values(generation=_t.generation + 1, due_at=bindparam("now"))
)
_wake_one: Final = Prepared(_awake.where(_t.id == bindparam("request")))
_wake_repository: Final = Prepared(
    _awake.where(_t.repository_id == bindparam("repository")).returning(_t.id)
)
_wake_installation: Final = Prepared(
    _awake.where(_t.installation_id == bindparam("installation")).returning(_t.id)
)
_released: Final = Prepared(
    select(_t.id, _t.deployments).where(
        _t.due_at.is_not(None),
        _t.repository_id == bindparam("repository"),
        _t.state == RequestState.APPROVED,
    )
)
_wake_released: Final = Prepared(
    update(gate_requests)
    .where(_t.id == bindparam("request"), _t.due_at.is_not(None))
    .values(generation=_t.generation + 1, due_at=bindparam("now"))
)
_due: Final = Prepared(
    select(_t.id)
    .where(
        _t.due_at.is_not(None),
        _t.due_at <= bindparam("now"),
        or_(_t.lease_until.is_(None), _t.lease_until <= bindparam("now")),
    )
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)


class Opening(StrEnum):
    """What it meant that GitHub asked."""

    NEW = "new"
    JOINED = "joined"
    REOPENED = "reopened"
    KNOWN = "known"


def open_request(
    tx: Transaction,
    key: RequestKey,
    *,
    installation_id: InstallationId,
    environment: str,
    head_sha: Sha,
    deployment_id: DeploymentId | None,
    now: datetime,
) -> tuple[GateRequest, Opening]:
    """Open a request, or fold one more deployment into the one there is.

    A closed request that did not know the deployment opens again for one more round: the answer
    given did not cover it. Without a deployment id GitHub was seen waiting: nothing is joined then,
    but a request that was closed without our answer opens again, since it was closed wrongly.
    """
    ids = () if deployment_id is None else (deployment_id,)
    values = {
        "installation_id": installation_id,
        "repository_id": key.repository_id,
        "run_id": key.run_id,
        "run_attempt": key.run_attempt,
        "environment_key": key.environment,
        "environment": environment,
        "head_sha": head_sha,
        "state": RequestState.OPEN.value,
        "round": 1,
        "deployments": encode_ids(ids),
        "unanswered": encode_ids(ids),
        "opened_at": now,
        "waiting_since": now,
        "generation": 1,
        "watched": "[]",
        "due_at": now,
        "failures": 0,
        "lease_token": 0,
    }
    inserted = _insert.change(tx, values) == 1
    row = _locked_by_key.first(tx, _key(key))
    request = _request(row)
    if inserted:
        return request, Opening.NEW
    is_new = deployment_id is not None and deployment_id not in request.deployment_ids
    if not is_new and (deployment_id is not None or request.state not in CLOSED_WITHOUT_US):
        return request, Opening.KNOWN
    changes: dict[str, object] = {
        "deployments": encode_ids((*request.deployment_ids, *ids)),
        "unanswered": encode_ids((*request.unanswered, *ids)),
        "generation": _t.generation + 1,
        "due_at": now,
    }
    opening = Opening.JOINED
    if not request.is_undecided:
        opening = Opening.REOPENED
        changes |= {
            "state": RequestState.OPEN.value,
            "round": request.round + 1,
            "waiting_since": now,
            "missed_at": None,
            "failures": 0,
        }
    tx.execute(update(gate_requests).where(_t.id == request.id).values(changes))
    return _request(_by_id.first(tx, {"request": request.id})), opening


def read_request(snapshot: Snapshot, request_id: RequestId) -> GateRequest | None:
    """Read a request."""
    row = _by_id.first(snapshot, {"request": request_id})
    return _request(row) if row is not None else None


def find_request(snapshot: Snapshot, key: RequestKey) -> GateRequest | None:
    """Find the request of a run attempt and environment."""
    row = _by_key.first(snapshot, _key(key))
    return _request(row) if row is not None else None


def undecided_requests(snapshot: Snapshot, repository_id: RepositoryId) -> list[GateRequest]:
    """List the requests of a repository that still owe GitHub an answer."""
    rows = _undecided.rows(snapshot, {"repository": repository_id})
    return [_request(row) for row in rows]


def known_environments(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> frozenset[str]:
    """Tell for which environments (folded names) of a run attempt nothing is amiss.

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


def due_requests(snapshot: Snapshot, now: datetime, limit: int) -> list[RequestId]:
    """List the requests to look at that nobody is at work on, longest due first."""
    rows = _due.rows(snapshot, {"now": now, "most": limit})
    return [RequestId(row.id) for row in rows]


def wake_requests(tx: Transaction, ids: Collection[RequestId], now: datetime) -> None:
    """Make undecided requests due now; a pass that is under way will look again."""
    for request_id in ids:
        _wake_one.change(tx, {"request": request_id, "now": now})


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


def wake_repository(tx: Transaction, repository_id: RepositoryId, now: datetime) -> list[RequestId]:
    """Make all undecided requests of a repository due now."""
    rows = _wake_repository.rows(tx, {"repository": repository_id, "now": now})
    return [RequestId(row.id) for row in rows]


def wake_installation(
    tx: Transaction, installation_id: InstallationId, now: datetime
) -> list[RequestId]:
    """Make all undecided requests of an installation due now."""
    rows = _wake_installation.rows(tx, {"installation": installation_id, "now": now})
    return [RequestId(row.id) for row in rows]


def record_missed(tx: Transaction, ids: Sequence[RequestId], now: datetime) -> None:
    """Note that GitHub does not show some gates any more, and make their requests due."""
    tx.execute(
        update(gate_requests)
        .where(_t.id.in_(ids), IS_UNDECIDED)
        .values(
            missed_at=func.coalesce(_t.missed_at, literal(now, UtcDateTime)),
            generation=_t.generation + 1,
            due_at=now,
        )
    )


def wake_released(
    tx: Transaction, repository_id: RepositoryId, deployment_id: DeploymentId, now: datetime
) -> list[RequestId]:
    """Make the released requests of a deployment due that still wait for its end."""
    rows = _released.rows(tx, {"repository": repository_id})
    ids = [RequestId(row.id) for row in rows if deployment_id in decode_ids(row.deployments)]
    for request_id in ids:
        _wake_released.change(tx, {"request": request_id, "now": now})
    return ids


@dataclass(frozen=True, slots=True)
class Standing:
    """How many requests are undecided, and since when the longest of them waits."""

    undecided: int
    oldest: datetime | None


def read_standing(snapshot: Snapshot) -> Standing:
    """Count what waits, for the metrics."""
    row = snapshot.execute(
        select(func.count(), func.min(_t.waiting_since)).where(IS_UNDECIDED)
    ).one()
    return Standing(row[0], row[1])


def _key(key: RequestKey) -> dict[str, Any]:
    return {
        "repository": key.repository_id,
        "run": key.run_id,
        "attempt": key.run_attempt,
        "environment": key.environment,
    }


def _request(row: Row[Any]) -> GateRequest:
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
