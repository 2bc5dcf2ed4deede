"""Select the runs and reports that count, of all that are known.

Pure, and the only place that knows. A run counts as a validation when repository, head repository,
file path, branch and event all match the policy; the newest attempt by start decides. What it then
shows, `gate.domain.evidence.judge` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.policy.policy import ValidationRule
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import SUCCESS, RunAttempt, WorkflowRun

Attempt = TypeVar("Attempt", bound=RunAttempt)

PULL_REQUEST: Final = "pull_request"
"""What the names of the events begin with by which a run only shows what it would change."""


@dataclass(frozen=True, slots=True)
class ValidationScope:
    """The runs that a policy's rule is about: those of one repository, on one branch."""

    rule: ValidationRule
    repository_id: RepositoryId
    default_branch: str

    @property
    def branch(self) -> str:
        """Return the branch whose runs count: the rule's, or else the default branch."""
        return self.rule.branch or self.default_branch

    def is_own(self, run: RunAttempt) -> bool:
        """Check that a run is of this repository and branch, and not a fork's."""
        return (run.repository_id, run.head_repository_id, run.head_branch) == (
            self.repository_id,
            self.repository_id,
            self.branch,
        )


def counting_validations(runs: Iterable[Attempt], scope: ValidationScope) -> list[Attempt]:
    """List the attempt that counts of each run that counts as a validation, newest start first.

    A fork's run never counts, whatever its branch is called, and neither does a run whose head
    repository is gone. A run in which no job ran has shown nothing, and the run before it decides.
    """
    attempts: dict[RunId, dict[int, Attempt]] = {}
    for run in _counting_attempts(runs, scope):
        attempts.setdefault(run.run_id, {})[run.run_attempt] = run
    found = [it for it in map(_newest_that_ran, attempts.values()) if it is not None]
    return sorted(found, key=_counting_order, reverse=True)


def _newest_that_ran(attempts: Mapping[int, Attempt]) -> Attempt | None:
    """Pick the newest attempt of a run in which a job ran; None when none of them has.

    A skipped attempt whose predecessor is not known may stand before a red one: it counts itself.
    """
    number = max(attempts)
    while number in attempts:
        if not attempts[number].is_skipped:
            return attempts[number]
        number -= 1
    return attempts[number + 1] if number > 0 else None


def _counting_attempts(runs: Iterable[Attempt], scope: ValidationScope) -> list[Attempt]:
    rule = scope.rule
    return [
        run
        for run in runs
        if run.path == rule.workflow and scope.is_own(run) and run.event in rule.events
    ]


def _counting_order(run: RunAttempt) -> tuple[datetime, bool, RunId]:
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
    scope: ValidationScope,
) -> RelevantReports:
    """Pick the reports of the run that counts, and the last one before.

    Runs between that reported nothing are passed over: nobody knows which of their flows failed.
    """
    known = {_key(it): it for it in reports}
    runs = tuple(runs)
    counting = counting_validations(runs, scope)
    if not known or not counting:
        return RelevantReports((), None)
    newest = counting[0]
    own = sorted((it for it in known.values() if _is_of(it, newest)), key=lambda it: it.run_attempt)
    attempts = _counting_attempts(runs, scope)
    before = [
        known[_key(it)]
        for it in sorted(attempts, key=_attempt_order)
        if _attempt_order(it) < _attempt_order(newest)
        and it.run_id != newest.run_id
        and _key(it) in known
    ]
    earlier = [*before, *own[:-1]]
    return RelevantReports(tuple(own), earlier[-1] if earlier else None)


def reports_beside(reports: Iterable[ValidationReport], newest: WorkflowRun) -> RelevantReports:
    """Sort out the reports that `relevant_reports` picked for this attempt, in any order."""
    known = {_key(it): it for it in reports}
    own = sorted((it for it in known.values() if _is_of(it, newest)), key=lambda it: it.run_attempt)
    earlier = [*(it for it in known.values() if not _is_of(it, newest)), *own[:-1]]
    return RelevantReports(tuple(own), earlier[-1] if earlier else None)


def _is_of(report: ValidationReport, newest: WorkflowRun) -> bool:
    """Return whether a report is of this attempt of a run, or of one before it."""
    own = report.repository_id == newest.repository_id and report.run_id == newest.run_id
    return own and report.run_attempt <= newest.run_attempt


def _attempt_order(run: WorkflowRun) -> tuple[datetime, bool, RunId, int]:
    return *_counting_order(run), run.run_attempt


def _key(attempt: WorkflowRun | ValidationReport) -> tuple[RepositoryId, RunId, int]:
    return attempt.repository_id, attempt.run_id, attempt.run_attempt


def last_change(
    runs: Iterable[WorkflowRun],
    scope: ValidationScope,
) -> WorkflowRun | None:
    """Find the infrastructure run that ends last: one that is not over, or ended last of all.

    However it ends: what fails half-way has changed the half, and a re-run may hide what the
    attempts before it did. A plan for a pull request changes nothing, and neither does a run in
    which no job ran, unless it may hide an attempt before it. Never a fork's.
    """
    counting = [
        run
        for run in runs
        if run.path == scope.rule.infrastructure_workflow
        and scope.is_own(run)
        and not run.event.startswith(PULL_REQUEST)
        and not (run.is_skipped and run.run_attempt == 1)
    ]
    newest = {run.run_id: run.run_attempt for run in sorted(counting, key=_attempt_of)}
    ending = [it for it in counting if it.is_completed or it.run_attempt == newest[it.run_id]]
    return max(ending, key=_end_order, default=None)


def _attempt_of(run: WorkflowRun) -> int:
    return run.run_attempt


def _end_order(run: WorkflowRun) -> tuple[bool, datetime, RunId, int]:
    """Sort by end; a run that is not over ends after any that is."""
    at = run.updated_at if run.is_completed else run.started_at
    return not run.is_completed, at, run.run_id, run.run_attempt
