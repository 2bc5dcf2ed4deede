"""Read where the requests of each place stand: an environment of a repository.

A place is found by walking an index from one to the next, so that a look costs what there is to
see, not what was ever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
    text,
)

from gate.domain.board.cell import Asked, Place, Queue
from gate.domain.model.access import Visible
from gate.domain.model.ids import DecisionId, RepositoryId, RequestId, RunId
from gate.domain.model.request import RequestState
from gate.domain.requests.decision import Decision, ReasonCode
from gate.store.engine.codec import decode_decision
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.unindexed import unindexed
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.requests.requests import IS_UNDECIDED

_t: Final = gate_requests.c
_AT_ONCE: Final = 5_000
_MOST_OVERRIDES: Final = 500
# All rows have a round: the condition only tells the database that the index of the places serves.
_FIRST: Final = -1
_LAST: Final = 2**63 - 1


def read_newest_requests(snapshot: Snapshot, visible: Visible) -> list[Asked]:
    """Read the newest request of each place."""
    places = _walk(visible)
    newest = (
        select(func.max(_t.id))
        .where(
            _t.repository_id == places.c.repository,
            _t.environment_key == places.c.environment,
            text("gate_requests.round > 0"),
        )
        .correlate(places)
        .scalar_subquery()
    )
    own = gate_requests.alias("own")
    query = _selected(own.c).join_from(places, own, own.c.id == newest)
    # By the places, or SQLite would begin with all requests of the visible repositories.
    shown = only_visible(query, places.c.repository, visible)
    return [_placed(row) for row in snapshot.execute(shown)]


def read_queues(snapshot: Snapshot, visible: Visible) -> Mapping[Place, Queue]:
    """Read what waits in each place.

    Grouped here: SQLite would rather walk all requests in the order of the groups.
    """
    query = select(
        _t.id, _t.repository_id, _t.environment_key, _t.waiting_since, _t.give_up_at
    ).where(IS_UNDECIDED)
    waiting: dict[Place, list[Row[Any]]] = {}
    for row in snapshot.execute(only_visible(query, _t.repository_id, visible)):
        place = RepositoryId(row.repository_id), row.environment_key
        waiting.setdefault(place, []).append(row)
    return {place: _queue(rows) for place, rows in waiting.items()}


def _queue(rows: list[Row[Any]]) -> Queue:
    ends = [row.give_up_at for row in rows if row.give_up_at is not None]
    return Queue(
        newest=RequestId(max(row.id for row in rows)),
        count=len(rows),
        since=min(row.waiting_since for row in rows),
        gives_up_at=min(ends, default=None),
    )


def read_overridden_runs(snapshot: Snapshot, visible: Visible) -> Mapping[Place, frozenset[RunId]]:
    """Read which validations the newest overrides of each place were given against."""
    query = (
        select(_t.repository_id, _t.environment_key, decisions.c.decision)
        .join(decisions, decisions.c.id == _t.decision_id)
        # Literal, so that both databases see that the partial index serves it.
        .where(text(f"gate_requests.reason = '{ReasonCode.OVERRIDE.value}'"))
        .order_by(_t.answered_at.desc())
        .limit(_MOST_OVERRIDES)
    )
    found: dict[Place, set[RunId]] = {}
    for row in snapshot.execute(only_visible(query, unindexed(_t.repository_id), visible)):
        evidence = decode_decision(row.decision).evidence
        if evidence is not None and evidence.run is not None:
            place = RepositoryId(row.repository_id), row.environment_key
            found.setdefault(place, set()).add(evidence.run.run_id)
    return {place: frozenset(runs) for place, runs in found.items()}


def read_decisions(
    snapshot: Snapshot, request_ids: Iterable[RequestId]
) -> Mapping[RequestId, Decision]:
    """Read the decision that each of some requests rests on."""
    wanted = sorted(request_ids)
    found: dict[RequestId, Decision] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = (
            select(_t.id, decisions.c.decision)
            .join(decisions, decisions.c.id == _t.decision_id)
            .where(_t.id.in_(wanted[start : start + _AT_ONCE]))
        )
        for row in snapshot.execute(query):
            found[RequestId(row.id)] = decode_decision(row.decision)
    return found


def _walk(visible: Visible) -> Any:  # noqa: ANN401 - a recursive statement
    """Go from each place to the next by the index on both columns."""
    first, last = _FIRST, _LAST
    if visible.repositories:
        first, last = min(visible.repositories), max(visible.repositories)
    start = select(
        cast(literal(first), BigInteger).label("repository"),
        cast(literal(""), Text).label("environment"),
    )
    places = start.cte("places", recursive=True)
    step = gate_requests.alias("step")
    found = gate_requests.alias("found")

    def first_where(*conditions: ColumnElement[bool]) -> ColumnElement[Any]:
        return (
            select(found.c.id)
            .where(*conditions, text("found.round > 0"))
            .order_by(found.c.repository_id, found.c.environment_key, found.c.id)
            .limit(1)
            .correlate(places)
            .scalar_subquery()
        )

    # Not by comparing both at once: SQLite would walk over all requests of the present place.
    following = func.coalesce(
        first_where(
            found.c.repository_id == places.c.repository,
            found.c.environment_key > places.c.environment,
        ),
        first_where(found.c.repository_id > places.c.repository, found.c.repository_id <= last),
    )
    return places.union_all(
        select(step.c.repository_id, step.c.environment_key).join_from(
            places, step, step.c.id == following
        )
    )


def _selected(columns: Any) -> Select[Any]:  # noqa: ANN401 - a table's columns
    return select(
        columns.id,
        columns.repository_id,
        columns.environment_key,
        columns.environment,
        columns.head_sha,
        columns.state,
        columns.reason,
        columns.waiting_since,
        columns.answered_at,
        columns.give_up_at,
        columns.decision_id,
    )


def _placed(row: Row[Any]) -> Asked:
    return Asked(
        id=RequestId(row.id),
        place=(RepositoryId(row.repository_id), row.environment_key),
        environment=row.environment,
        head_sha=row.head_sha,
        state=RequestState(row.state),
        reason=row.reason,
        waiting_since=row.waiting_since,
        answered_at=row.answered_at,
        give_up_at=row.give_up_at,
        decision_id=DecisionId(row.decision_id) if row.decision_id is not None else None,
    )
