"""Find the workflows by which the gate judges, and count how their runs ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Select, func, select, text

from gate.domain.board.cell import Place
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.runs import WorkflowRun
from gate.domain.statistics.record import Attempts, Period
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.tables.requests import decisions, gate_requests
from gate.store.github.runs import newest_attempt
from gate.store.requests.places import read_newest_requests
from gate.store.statistics.days import day_number, day_of
from gate.store.statistics.scope import Scope, during, within

T = TypeVar("T")

_AT_ONCE: Final = 500

_r: Final = runs.c

Workflows = Mapping[tuple[str, str | None], Sequence[RepositoryId]]
"""The repositories that are validated by a workflow file on a branch."""


class _Run(msgspec.Struct):
    """What tells which workflow a run is of."""

    path: str
    head_branch: str | None


class _Evidence(msgspec.Struct):
    run: _Run | None = None


class _Decision(msgspec.Struct):
    evidence: _Evidence | None = None


class _Failure(msgspec.Struct):
    run_id: RunId


class _Incident(msgspec.Struct):
    failure: _Failure


_decision: Final = msgspec.json.Decoder(_Decision)
_incident: Final = msgspec.json.Decoder(_Incident)


def find_validations(snapshot: Snapshot, scope: Scope) -> Workflows:
    """Find the workflow and branch on which each environment's newest decision rests.

    Where that rests on none, or there is no decision, its newest incident tells the workflow.
    """
    judged = _judged(snapshot, scope)
    found: dict[tuple[str, str | None], set[RepositoryId]] = defaultdict(set)
    for (repository_id, _), run in judged.items():
        found[run.path, run.head_branch].add(repository_id)
    for failed in _failed(snapshot, scope, judged):
        found[failed.path, failed.head_branch].add(failed.repository_id)
    return {workflow: sorted(of) for workflow, of in found.items()}


def count_attempts(
    snapshot: Snapshot, period: Period, workflows: Workflows
) -> tuple[Attempts, ...]:
    """Count the attempts of validations that started in the period and ended; a fork's are none."""
    day = day_number(_r.started_at)
    columns = (day.label("day"), _r.conclusion, func.count().label("attempts"))
    ended = select(*columns).where(
        *during(period, _r.started_at),
        # Literal, so that both databases see that the partial index serves it.
        text("conclusion IS NOT NULL"),
    )
    found = []
    for query in _of_workflows(ended, workflows):
        rows = snapshot.execute(query.group_by(day, _r.conclusion))
        found += [Attempts(day_of(row.day), row.conclusion, row.attempts) for row in rows]
    return tuple(found)


def read_runs(snapshot: Snapshot, workflows: Workflows) -> frozenset[tuple[RepositoryId, RunId]]:
    """Read which runs are validations, whenever they started and whether or not they ended."""
    return frozenset(
        (row.repository_id, row.run_id)
        for query in _of_workflows(select(_r.repository_id, _r.run_id), workflows)
        for row in snapshot.execute(query)
    )


def _of_workflows(query: Select[Any], workflows: Workflows) -> Iterator[Select[Any]]:
    for (path, branch), repository_ids in workflows.items():
        for some in _some(repository_ids):
            yield query.where(
                _r.repository_id.in_(some),
                _r.path == path,
                _r.head_branch == branch,
                _r.head_repository_id == _r.repository_id,
            )


def _judged(snapshot: Snapshot, scope: Scope) -> dict[Place, _Run]:
    """Read the validations on which the newest decision of each environment rests."""
    places = {}
    for asked in read_newest_requests(snapshot, scope.repositories):
        if scope.environment_key in {None, asked.place[1]}:
            # A request that has just been opened is decided in a moment: until then, the last one.
            decision_id = asked.decision_id or _last_decision(snapshot, asked.place)
            places[decision_id] = asked.place
    found = {}
    for some in _some([it for it in places if it is not None]):
        query = select(decisions.c.id, decisions.c.decision).where(decisions.c.id.in_(some))
        for row in snapshot.execute(query):
            evidence = _decision.decode(row.decision).evidence
            if evidence is not None and evidence.run is not None:
                found[places[row.id]] = evidence.run
    return found


def _last_decision(snapshot: Snapshot, place: Place) -> int | None:
    t = gate_requests.c
    query = (
        select(t.decision_id)
        .where(
            t.repository_id == place[0],
            t.environment_key == place[1],
            t.decision_id.is_not(None),
            text("round > 0"),
        )
        .order_by(t.id.desc())
        .limit(1)
    )
    return snapshot.scalars(query).first()


def _failed(snapshot: Snapshot, scope: Scope, judged: Container[Place]) -> Iterator[WorkflowRun]:
    """Read the validations whose failure opened the newest incident of each other environment."""
    t = incidents.c
    newest = within(select(func.max(t.id)), t, scope).group_by(t.repository_id, t.environment_key)
    query = select(t.id, t.repository_id, t.environment_key).where(t.id.in_(newest))
    others = [
        row.id
        for row in snapshot.execute(query)
        if (row.repository_id, row.environment_key) not in judged
    ]
    for some in _some(others):
        values = select(t.repository_id, t.value).where(t.id.in_(some))
        for row in snapshot.execute(values).all():
            run_id = _incident.decode(row.value).failure.run_id
            run = newest_attempt(snapshot, row.repository_id, run_id)
            if run is not None:
                yield run


def _some(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a few at once: databases limit how many parameters a statement has."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
