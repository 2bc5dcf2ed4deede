"""Tell which runs and reports count, of all that are known.

Pure, and the only place that knows. A run counts as a validation when repository, head repository,
file path, branch and event all match the policy; the newest attempt by start decides. What it then
shows, `gate.domain.evidence` judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.domain.ids import RepositoryId, RunId
from gate.domain.jobs import SUCCESS
from gate.domain.policy import ValidationRule
from gate.domain.reports import ValidationReport
from gate.domain.runs import WorkflowRun


def counting_validations(
    runs: Iterable[WorkflowRun],
    rule: ValidationRule,
    repository_id: RepositoryId,
    default_branch: str,
) -> list[WorkflowRun]:
    """List the newest attempts of the runs that count as validations, newest start first.

    A fork's run never counts, whatever its branch is called, and neither does a run whose head
    repository is gone.
    """
    newest: dict[RunId, WorkflowRun] = {}
    attempts = _counting_attempts(runs, rule, repository_id, default_branch)
    for run in sorted(attempts, key=lambda run: run.run_attempt):
        newest[run.run_id] = run
    return sorted(newest.values(), key=_counting_order, reverse=True)


def _counting_attempts(
    runs: Iterable[WorkflowRun],
    rule: ValidationRule,
    repository_id: RepositoryId,
    default_branch: str,
) -> list[WorkflowRun]:
    branch = rule.branch or default_branch
    return [
        run
        for run in runs
        if run.path == rule.workflow
        and run.repository_id == repository_id
        and run.head_repository_id == repository_id
        and run.head_branch == branch
        and run.event in rule.events
    ]


def _counting_order(run: WorkflowRun) -> tuple[datetime, bool, RunId]:
    """Sort by start, which GitHub tells in whole seconds only.

    Of two runs that started in the same second the one that is no success counts, so that a green
    cannot hide a red.
    """
    return run.started_at, run.conclusion != SUCCESS, run.run_id


@dataclass(frozen=True, slots=True)
class RelevantReports:
    """The reports of the run that counts, by attempt, and the last one before the newest of them.

    A run of which no attempt has reported has none, and then only the last one before it is known.
    """

    own: tuple[ValidationReport, ...]
    previous: ValidationReport | None


def relevant_reports(
    reports: Iterable[ValidationReport],
    runs: Iterable[WorkflowRun],
    rule: ValidationRule,
    repository_id: RepositoryId,
    default_branch: str,
) -> RelevantReports:
    """Pick the reports of the run that counts, and the last one before.

    Runs between that reported nothing are passed over: nobody knows which of their flows failed.
    """
    known = {_key(it): it for it in reports}
    runs = tuple(runs)
    counting = counting_validations(runs, rule, repository_id, default_branch)
    if not known or not counting:
        return RelevantReports((), None)
    newest = counting[0]
    own = sorted((it for it in known.values() if _is_of(it, newest)), key=lambda it: it.run_attempt)
    attempts = _counting_attempts(runs, rule, repository_id, default_branch)
    before = [
        known[_key(it)]
        for it in sorted(attempts, key=_attempt_order)
        if _attempt_order(it) < _attempt_order(newest)
        and it.run_id != newest.run_id
        and _key(it) in known
    ]
    earlier = [*before, *own[:-1]]
    return RelevantReports(tuple(own), earlier[-1] if earlier else None)


def _is_of(report: ValidationReport, newest: WorkflowRun) -> bool:
    """Say whether a report is of this attempt of a run, or of one before it."""
    own = report.repository_id == newest.repository_id and report.run_id == newest.run_id
    return own and report.run_attempt <= newest.run_attempt


def _attempt_order(run: WorkflowRun) -> tuple[datetime, bool, RunId, int]:
    return *_counting_order(run), run.run_attempt


def _key(attempt: WorkflowRun | ValidationReport) -> tuple[RepositoryId, RunId, int]:
    return attempt.repository_id, attempt.run_id, attempt.run_attempt


def newest_infrastructure(
    runs: Iterable[WorkflowRun], rule: ValidationRule, repository_id: RepositoryId
) -> WorkflowRun | None:
    """Find the infrastructure run that succeeded last, on any branch, but never a fork's."""
    succeeded = [
        run
        for run in runs
        if run.path == rule.infrastructure_workflow
        and run.repository_id == repository_id
        and run.head_repository_id == repository_id
        and run.is_completed
        and run.conclusion == SUCCESS
    ]
    return max(
        succeeded, key=lambda run: (run.updated_at, run.run_id, run.run_attempt), default=None
    )


def hiding_rerun(
    runs: Iterable[WorkflowRun], rule: ValidationRule, repository_id: RepositoryId
) -> WorkflowRun | None:
    """Find the newest infrastructure re-run that is no success and may hide one.

    GitHub lists of a run only its newest attempt. What an earlier one changed was changed before
    the newest began.
    """
    hiding = [
        run
        for run in runs
        if run.path == rule.infrastructure_workflow
        and run.repository_id == repository_id
        and run.head_repository_id == repository_id
        and run.run_attempt > 1
        and not (run.is_completed and run.conclusion == SUCCESS)
    ]
    return max(hiding, key=lambda run: (run.started_at, run.run_id), default=None)
