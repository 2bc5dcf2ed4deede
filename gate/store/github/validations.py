"""Read the newest runs of many workflows at once, for what shows many repositories.

Each workflow's runs are found by the index on its starts; one statement serves all of them. Their
starts are whole seconds, as GitHub gives them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Executable,
    Integer,
    Text,
    and_,
    cast,
    func,
    literal_column,
    select,
)

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import BriefRun, WorkflowRun
from gate.store.engine.codec import decode_brief_runs, decode_report, decode_run
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.given import given, given_table
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.github import runs
from gate.store.engine.tables.reports import validation_reports

MOST_ATTEMPTS: Final = 40
"""Attempts of a workflow that are read: thirty runs, and some re-runs of them."""

_t: Final = runs.c
_r: Final = validation_reports.c


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
    wanted = sorted(workflows)
    found: dict[Workflow, list[BriefRun]] = {}
    for row in _NEWEST.rows(snapshot, given((at, *it) for at, it in enumerate(wanted))):
        newest = decode_brief_runs(row.newest) if row.newest is not None else []
        if newest:
            found[wanted[row.at]] = newest
    return found


def read_attempts(
    snapshot: Snapshot, attempts: Collection[Attempt]
) -> Mapping[Attempt, WorkflowRun]:
    """Read some run attempts in full."""
    found: dict[Attempt, WorkflowRun] = {}
    for row in _ATTEMPTS.rows(snapshot, given(attempts)):
        run = decode_run(row.value)
        found[run.repository_id, run.run_id, run.run_attempt] = run
    return found


def read_reports_of(
    snapshot: Snapshot, attempts: Collection[Attempt]
) -> Mapping[tuple[RepositoryId, RunId], list[ValidationReport]]:
    """Read what jobs reported of some runs, in any of their attempts."""
    found: dict[tuple[RepositoryId, RunId], list[ValidationReport]] = defaultdict(list)
    wanted = {(repository, run) for repository, run, _ in attempts}
    for row in _REPORTS.rows(snapshot, given(wanted)):
        report = decode_report(row.value)
        found[report.repository_id, report.run_id].append(report)
    return found


def _newest(dialect: str) -> Executable:
    """Select the attempts of each workflow in one value, which is read faster than many rows."""
    wanted = given_table(
        dialect, {"at": Integer, "repository": BigInteger, "file": Text, "branch": Text}
    )
    newest = (
        select(runs)
        .where(
            _t.repository_id == wanted.c.repository,
            _t.path == wanted.c.file,
            _t.head_branch == wanted.c.branch,
            _t.head_repository_id == wanted.c.repository,
        )
        .order_by(_t.started_at.desc())
        .limit(MOST_ATTEMPTS)
        .correlate(wanted)
        .subquery("newest")
    ).c
    started_at = cast(newest.started_at, BigInteger).op("/")(literal_column("1000000"))
    brief = (
        newest.repository_id,
        newest.run_id,
        newest.run_attempt,
        newest.path,
        newest.event,
        newest.head_branch,
        newest.head_repository_id,
        newest.status,
        newest.conclusion,
        started_at,
    )
    joined = (
        func.json_agg(func.json_build_array(*brief))
        if dialect == "postgresql"
        else func.json_group_array(func.json_array(*brief))
    )
    found = select(cast(joined, Text)).correlate(wanted).scalar_subquery()
    return select(wanted.c.at, found.label("newest"))


def _attempts(dialect: str) -> Executable:
    wanted = given_table(dialect, {"repository": BigInteger, "run": BigInteger, "attempt": Integer})
    return select(_t.value).join_from(
        wanted,
        runs,
        and_(
            _t.repository_id == wanted.c.repository,
            _t.run_id == wanted.c.run,
            _t.run_attempt == wanted.c.attempt,
        ),
    )


def _reports(dialect: str) -> Executable:
    wanted = given_table(dialect, {"repository": BigInteger, "run": BigInteger})
    return select(_r.value).join_from(
        wanted,
        validation_reports,
        and_(_r.repository_id == wanted.c.repository, _r.run_id == wanted.c.run),
    )


_NEWEST: Final = Prepared(_newest)
_ATTEMPTS: Final = Prepared(_attempts)
_REPORTS: Final = Prepared(_reports)
