"""Judge what the newest validation says about production.

Pure. Which run that is, `gate.domain.evidence.relevance` knows; an inconclusive one never falls
back to an older green. What its job reports can take a pass away, and nothing else. See
docs/explanation/evidence.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Final

from gate.domain.evidence.comparison import Comparison, compare
from gate.domain.evidence.cover import Changes, find_uncovered
from gate.domain.evidence.jobs import Beginning, beginning_of, executions_of
from gate.domain.evidence.relevance import (
    RelevantReports,
    counting_validations,
    last_change,
    relevant_reports,
    reports_beside,
)
from gate.domain.evidence.report_limits import bounded
from gate.domain.evidence.report_merge import carry_over
from gate.domain.model.facts import Facts
from gate.domain.model.ids import RepositoryId, Sha
from gate.domain.model.policy import Covers, ValidationRule, ValidationState
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import SUCCESS, Job, WorkflowRun

_RUNNING: Final = frozenset({"requested", "queued", "pending", "waiting", "in_progress"})
FAILED: Final = frozenset({"failure", "timed_out", "startup_failure"})
"""The conclusions by which a run or a job says that it failed."""

CLOCK_ERROR: Final = timedelta(minutes=5)
"""How far GitHub's clock may run ahead of ours before its times are not believed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the validation shows: its state, the run that shows it, and why in plain words.

    `detail` may quote text that others wrote (job names, conclusions); whoever shows it must
    neutralise it. `stale_at` is the first instant at which a successful run is too old, and is set
    for one that passed, covers too little, is too old, or is red by its report only.
    `infrastructure` is the infrastructure run that the validation has to come after. `beginning`
    is when the oldest job that counts began, of a successful run whose jobs are known well enough.

    `report` is what the run's job said, hostile text, and `comparison` holds it against the report
    before it; both are None without one. `worsened_at` is when a report made a green run worse;
    None where no report did.
    """

    state: ValidationState
    run: WorkflowRun | None
    detail: str
    stale_at: datetime | None = None
    infrastructure: WorkflowRun | None = None
    beginning: Beginning | None = None
    report: ValidationReport | None = None
    comparison: Comparison | None = None
    worsened_at: datetime | None = None


def judge(
    rule: ValidationRule,
    validations: Iterable[WorkflowRun],
    infrastructure: Iterable[WorkflowRun],
    *,
    infrastructure_since: datetime | None,
    repository_id: RepositoryId,
    default_branch: str,
    head_sha: Sha,
    now: datetime,
    reports: Iterable[ValidationReport] = (),
) -> Evidence:
    """Say what the newest counting validation shows at `now`.

    Age and cover are measured from the start of the oldest job that counts: a re-run of some jobs
    renews nothing. A pass of exactly `max_age` still counts.
    """
    validations = tuple(validations)
    counting = counting_validations(validations, rule, repository_id, default_branch)
    if not counting:
        detail = f"no run of {rule.workflow} counts as a validation"
        return Evidence(ValidationState.MISSING, None, detail)
    run = counting[0]
    last = last_change(infrastructure, rule, repository_id, default_branch)
    shown = _check_run(rule, run, now)
    if shown is None:
        changes = Changes(last, infrastructure_since)
        shown = _judge_success(_Success(rule, run, changes, head_sha), now)
    if rule.covers is Covers.INFRASTRUCTURE:
        shown = replace(shown, infrastructure=last)
    told = relevant_reports(reports, validations, rule, repository_id, default_branch)
    return _weigh_reports(shown, told)


def _weigh_reports(shown: Evidence, reports: RelevantReports) -> Evidence:
    """Add what the run's jobs say of its flows, which can only take a pass away.

    Any other state stays. A failure is no worse than, say, a validation that is too old: the policy
    may let people override the one and not the other, so that a report could open the gate.
    """
    told = _add_report(shown, reports)
    report = told.report
    if report is None or shown.state is not ValidationState.PASSED or report.is_pass:
        return told
    untried = len(report.not_run) + report.left_out.not_run
    if report.failures:
        state, detail = ValidationState.FAILED, f"{_flows(report.failures)} failed"
    elif untried:
        state, detail = ValidationState.INCONCLUSIVE, f"{_flows(untried)} did not run"
    else:
        state, detail = ValidationState.INCONCLUSIVE, "no flow ran"
    detail = f"the run succeeded, but its report says that {detail}"
    if not report.left_out.is_pass:
        detail += "; that is too many to compare by name, so start a new run instead of a re-run"
    return replace(told, state=state, detail=detail, worsened_at=report.reported_at)


def _add_report(shown: Evidence, reports: RelevantReports) -> Evidence:
    """Add the run's report and what changed since the one before; nothing without a report."""
    own = [it for it in reports.own if _counts_already(it, shown.run)]
    if not own:
        return shown
    report = bounded(reduce(carry_over, own))
    return replace(shown, report=report, comparison=compare(report, reports.previous))


def without_reports(evidence: Evidence) -> Evidence:
    """Return evidence without the flows, for a record that keeps the reports beside it."""
    return replace(evidence, report=None, comparison=None)


def with_reports(evidence: Evidence, reports: Iterable[ValidationReport]) -> Evidence:
    """Add again to evidence what it had from these reports, those of the facts it was judged on."""
    if evidence.run is None:
        return evidence
    return _add_report(evidence, reports_beside(reports, evidence.run))


def _counts_already(report: ValidationReport, run: WorkflowRun | None) -> bool:
    """Say whether a report counts: those of earlier attempts only once this one is over.

    Until then it may still run their flows again.
    """
    return run is not None and (run.is_completed or report.run_attempt == run.run_attempt)


def _flows(count: int) -> str:
    return f"{count} flow{'s' if count > 1 else ''}"


def judge_facts(rule: ValidationRule, facts: Facts, now: datetime) -> Evidence:
    """Say what the newest counting validation among the facts of a request shows at `now`.

    One that cannot end before the request is answered is told from one that merely runs.
    """
    shown = judge(
        rule,
        facts.validations,
        facts.infrastructure,
        infrastructure_since=facts.infrastructure_since,
        repository_id=facts.request.key.repository_id,
        default_branch=facts.default_branch,
        head_sha=facts.request.head_sha,
        now=now,
        reports=facts.reports,
    )
    if shown.state is not ValidationState.RUNNING or shown.run is None:
        return shown
    own = (facts.request.key.run_id, facts.request.key.run_attempt)
    attempt = (shown.run.run_id, shown.run.run_attempt)
    if attempt != own and shown.run.run_id not in facts.gated:
        return shown
    if shown.report is not None and shown.report.failures:
        # It cannot end either, but what it will show is known.
        detail = (
            f"its report says that {_flows(shown.report.failures)} failed, and it cannot finish"
        )
        return replace(
            shown,
            state=ValidationState.FAILED,
            detail=detail,
            worsened_at=shown.report.reported_at,
        )
    # Its own job uses the gated environment, or it shares a workflow with the deployment.
    detail = f"validation run {shown.run.run_id} is itself held at this gate, so it cannot finish"
    return replace(shown, state=ValidationState.WAITS_FOR_ITSELF, detail=detail)


@dataclass(frozen=True, slots=True)
class _Success:
    """A run that succeeded with its jobs, beside the changes that it must come after."""

    rule: ValidationRule
    run: WorkflowRun
    changes: Changes
    head_sha: Sha


def _check_run(rule: ValidationRule, run: WorkflowRun, now: datetime) -> Evidence | None:
    """Find fault with the run itself; None for a green, whatever its age and its cover."""
    return _check_future(run, run.started_at, now) or _check_end(run) or _check_jobs(rule, run)


def _check_future(run: WorkflowRun, start: datetime, now: datetime) -> Evidence | None:
    if start - now <= CLOCK_ERROR:
        return None
    detail = "the run's start time is in the future"
    return Evidence(ValidationState.INCONCLUSIVE, run, detail, start - CLOCK_ERROR)


def _judge_success(green: _Success, now: datetime) -> Evidence:
    """Judge how old a success is, and what it covers, by the oldest job that counts."""
    beginning = beginning_of(green.run, green.rule.required_jobs)
    if beginning is None:
        detail = "the gate does not know which of its jobs ran again and when each started"
        return Evidence(ValidationState.INCONCLUSIVE, green.run, detail)
    shown = (
        _check_future(green.run, beginning.at, now)
        or _check_age(green, beginning, now)
        or _check_cover(green, beginning)
    )
    detail = _with_old_job(shown, beginning, green.run)
    return replace(shown, beginning=beginning, detail=detail)


def _with_old_job(shown: Evidence, beginning: Beginning, run: WorkflowRun) -> str:
    """Name the job that an attempt did not run again, where that is what is wrong with it."""
    job, is_old = beginning.job, beginning.at < run.started_at
    if job is None or not is_old or shown.state is ValidationState.PASSED:
        return shown.detail
    return (
        f"{shown.detail}: attempt {run.run_attempt} did not re-run job {job.name}, which"
        f" started at {beginning.at:%Y-%m-%d %H:%M} UTC; re-run all jobs"
    )


_ENDED: Final = {
    "failure": "failed",
    "timed_out": "timed out",
    "startup_failure": "failed to start",
    "cancelled": "was cancelled",
    "skipped": "was skipped",
}


def _ended(conclusion: str | None) -> str:
    """Put a conclusion into words; one without words of its own is named as GitHub does."""
    return _ENDED.get(conclusion or "", f"ended with {conclusion}")


def _check_end(run: WorkflowRun) -> Evidence | None:
    """Find fault with how a run stands or ended; None when it succeeded as a whole."""
    if run.status in _RUNNING:
        return Evidence(ValidationState.RUNNING, run, f"the run is {run.status.replace('_', ' ')}")
    if not run.is_completed:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"unknown run status {run.status}")
    if run.conclusion in FAILED:
        return Evidence(ValidationState.FAILED, run, f"the run {_ended(run.conclusion)}")
    if run.conclusion != SUCCESS:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"the run {_ended(run.conclusion)}")
    return None


def _check_jobs(rule: ValidationRule, run: WorkflowRun) -> Evidence | None:
    """Find fault with the required jobs of a successful run; None when each succeeded.

    `continue-on-error`, a skipped matrix leg or a renamed job can leave a run green although the
    flows never ran. Several jobs of one name must all have succeeded.
    """
    counting = executions_of(run, rule.required_jobs)
    for name in rule.required_jobs:
        jobs = [job for job in counting if job.name == name]
        if not jobs:
            return Evidence(ValidationState.INCONCLUSIVE, run, f"required job {name} did not run")
        for job in jobs:
            if job.conclusion in FAILED:
                return Evidence(ValidationState.FAILED, run, _job_detail(job))
            if job.conclusion != SUCCESS:
                return Evidence(ValidationState.INCONCLUSIVE, run, _job_detail(job))
    return None


def _job_detail(job: Job) -> str:
    if job.conclusion is None:
        return f"required job {job.name} is {job.status.replace('_', ' ')}"
    return f"required job {job.name} {_ended(job.conclusion)}"


def _check_age(green: _Success, beginning: Beginning, now: datetime) -> Evidence | None:
    if now - beginning.at <= green.rule.max_age:
        return None
    detail = "it is older than max_age in the policy"
    return Evidence(ValidationState.STALE, green.run, detail, _stale_at(green.rule, beginning))


def _stale_at(rule: ValidationRule, beginning: Beginning) -> datetime:
    """Return the first instant at which a run is too old."""
    return beginning.at + rule.max_age + timedelta.resolution


def _check_cover(green: _Success, beginning: Beginning) -> Evidence:
    """Return the verdict on a fresh green: passed, unless it does not cover what it must."""
    run, stale_at = green.run, _stale_at(green.rule, beginning)
    uncovered = find_uncovered(
        green.rule, run.head_sha, beginning.at, green.changes, green.head_sha
    )
    if uncovered is None:
        return Evidence(ValidationState.PASSED, run, "the run succeeded", stale_at)
    return Evidence(ValidationState.UNCOVERED, run, uncovered, stale_at)
