"""Read the newest runs of many workflows at once, for what shows many repositories.

Each workflow's runs are found by the index on its starts; one statement serves all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Integer, Text, and_, column, func, literal, select, values

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import BriefRun, WorkflowRun
from gate.store.engine.codec import decode_report, decode_run
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.reports import validation_reports

MOST_ATTEMPTS: Final = 40
"""Attempts of a workflow that are read: thirty runs, and some re-runs of them."""

_AT_ONCE: Final = 5_000
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_t: Final = runs.c


class Workflow(NamedTuple):
    """A workflow file of a repository, on one branch."""

    repository_id: RepositoryId
    path: str
    branch: str


Attempt = tuple[RepositoryId, RunId, int]
"""What identifies an attempt of a run."""


def read_newest_runs(
    snapshot: Snapshot, workflows: Collection[Workflow]
) -> Mapping[Workflow, list[BriefRun]]:
    """Read the newest attempts of each workflow's own runs, in no order; a fork's are none."""
    found: dict[Workflow, list[BriefRun]] = defaultdict(list)
    for wanted in _parts(sorted(workflows)):
        for row in snapshot.execute(_newest(wanted)):
            brief = BriefRun._make(row)
            found[Workflow(brief.repository_id, brief.path, brief.head_branch or "")].append(brief)
    return found


def read_attempts(
    snapshot: Snapshot, attempts: Collection[Attempt]
) -> Mapping[Attempt, WorkflowRun]:
    """Read some run attempts in full."""
    found: dict[Attempt, WorkflowRun] = {}
    for part in _parts(sorted(attempts)):
        wanted = _table(part, repository=BigInteger, run=BigInteger, attempt=Integer)
        query = select(_t.value).join_from(
            wanted,
            runs,
            and_(
                _t.repository_id == wanted.c.repository,
                _t.run_id == wanted.c.run,
                _t.run_attempt == wanted.c.attempt,
            ),
        )
        for value in snapshot.scalars(query):
            run = decode_run(value)
            found[run.repository_id, run.run_id, run.run_attempt] = run
    return found


def read_reports_of(
    snapshot: Snapshot, attempts: Collection[Attempt]
) -> Mapping[tuple[RepositoryId, RunId], list[ValidationReport]]:
    """Read what jobs reported of some runs, in any of their attempts."""
    found: dict[tuple[RepositoryId, RunId], list[ValidationReport]] = defaultdict(list)
    r = validation_reports.c
    for part in _parts(sorted({(repository, run) for repository, run, _ in attempts})):
        wanted = _table(part, repository=BigInteger, run=BigInteger)
        query = select(r.value).join_from(
            wanted,
            validation_reports,
            and_(r.repository_id == wanted.c.repository, r.run_id == wanted.c.run),
        )
        for value in snapshot.scalars(query):
            report = decode_report(value)
            found[report.repository_id, report.run_id].append(report)
    return found


def _newest(workflows: Collection[Workflow]) -> Any:  # noqa: ANN401 - a select over two tables
    wanted = _table(workflows, repository=BigInteger, file=Text, branch=Text)
    older = runs.alias("older")

    def is_of(table: Any) -> Any:  # noqa: ANN401 - a condition on a table
        return and_(
            table.c.repository_id == wanted.c.repository,
            table.c.path == wanted.c.file,
            table.c.head_branch == wanted.c.branch,
            table.c.head_repository_id == wanted.c.repository,
        )

    first = (
        select(older.c.started_at)
        .where(is_of(older))
        .order_by(older.c.started_at.desc())
        .offset(MOST_ATTEMPTS - 1)
        .limit(1)
        .correlate(wanted)
        .scalar_subquery()
    )
    return select(
        _t.repository_id,
        _t.run_id,
        _t.run_attempt,
        _t.path,
        _t.event,
        _t.head_branch,
        _t.head_repository_id,
        _t.status,
        _t.conclusion,
        _t.started_at,
    ).join_from(
        wanted,
        runs,
        and_(is_of(runs), _t.started_at >= func.coalesce(first, literal(_BEGINNING, UtcDateTime))),
    )


def _table(rows: Collection[Any], **columns: Any) -> Any:  # noqa: ANN401 - a table of values
    """Make a table of given rows, which the database joins with."""
    named = [column(name, kind) for name, kind in columns.items()]
    return values(*named, name="given").data([tuple(row) for row in rows]).cte("wanted")


def _parts(rows: list[Any]) -> list[list[Any]]:
    return [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
