"""Judge what the newest validation says about production.

Pure. Which run that is, `gate.domain.counting` knows; an inconclusive one never falls back to an
older green. What its job reports can take a pass away, and nothing else.
See docs/explanation/evidence.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.comparing import Comparison, compare
from gate.domain.counting import (
    SUCCESS,
    counting_validations,
    hiding_rerun,
    newest_infrastructure,
    relevant_reports,
)
from gate.domain.facts import Facts
from gate.domain.ids import RepositoryId, Sha
from gate.domain.policy import Covers, ValidationRule, ValidationState
from gate.domain.reports import ValidationReport
from gate.domain.runs import Job, WorkflowRun

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
    `infrastructure` is the infrastructure run that the validation has to come after.

    `report` is what the run's job said, hostile text, and `comparison` holds it against the report
    before it; both are None without one. `worsened_at` is when a report made a green run worse;
    None where no report did.
    """

    state: ValidationState
    run: WorkflowRun | None
    detail: str
    stale_at: datetime | None = None
    infrastructure: WorkflowRun | None = None
    report: ValidationReport | None = None
    comparison: Comparison | None = None
    worsened_at: datetime | None = None


def judge(
    rule: ValidationRule,
    validations: Iterable[WorkflowRun],
    infrastructure: Iterable[WorkflowRun],
    *,
    repository_id: RepositoryId,
    default_branch: str,
    head_sha: Sha,
    now: datetime,
    reports: Iterable[ValidationReport] = (),
) -> Evidence:
    """Say what the newest counting validation shows at `now`.

    Age is measured from the start of the attempt: that is when it began to look at production, and
    unlike `updated_at` nothing can move it later. A pass of exactly `max_age` still counts.
    """
    validations = tuple(validations)
    counting = counting_validations(validations, rule, repository_id, default_branch)
    if not counting:
        return Evidence(ValidationState.MISSING, None, f"no run of {rule.workflow} is known")
    run, changes = counting[0], tuple(infrastructure)
    newest = newest_infrastructure(changes, rule, repository_id)
    shown = (
        _check_run(rule, run, now)
        or _check_reruns(rule, run, newest, hiding_rerun(changes, rule, repository_id))
        or _check_cover(rule, run, newest, head_sha)
    )
    if rule.covers is Covers.INFRASTRUCTURE:
        shown = replace(shown, infrastructure=newest)
    told = relevant_reports(reports, validations, rule, repository_id, default_branch)
    return _weigh_report(shown, *told)


def _weigh_report(
    shown: Evidence, report: ValidationReport | None, previous: ValidationReport | None
) -> Evidence:
    """Add what the run's job says of its flows, which can only take a pass away.

    Any other state stays. A failure is no worse than, say, a validation that is too old: the policy
    may let people override the one and not the other, so that a report could open the gate.
    """
    if report is None:
        return shown
    told = replace(shown, report=report, comparison=compare(report, previous))
    if shown.state is not ValidationState.PASSED or report.is_pass:
        return told
    if report.failed:
        state, detail = ValidationState.FAILED, f"{_flows(len(report.failed))} failed"
    elif report.not_run:
        state, detail = ValidationState.INCONCLUSIVE, f"{_flows(len(report.not_run))} did not run"
    else:
        state, detail = ValidationState.INCONCLUSIVE, "no flow ran"
    detail = f"the run ended with {SUCCESS}, but its report says that {detail}"
    return replace(told, state=state, detail=detail, worsened_at=report.reported_at)


def _flows(count: int) -> str:
    return f"{count} flow{'s' if count > 1 else ''}"


def judge_facts(rule: ValidationRule, facts: Facts, now: datetime) -> Evidence:
    """Say what the newest counting validation among the facts of a request shows at `now`."""
    return judge(
        rule,
        facts.validations,
        facts.infrastructure,
        repository_id=facts.request.key.repository_id,
        default_branch=facts.default_branch,
        head_sha=facts.request.head_sha,
        now=now,
        reports=facts.reports,
    )


def _check_run(rule: ValidationRule, run: WorkflowRun, now: datetime) -> Evidence | None:
    """Find fault with the run itself; None for a fresh green, whatever it covers."""
    if run.started_at - now > CLOCK_ERROR:
        begins = run.started_at - CLOCK_ERROR
        detail = "the run claims to start in the future"
        return Evidence(ValidationState.INCONCLUSIVE, run, detail, begins)
    return _check_end(run) or _check_jobs(rule, run) or _check_age(rule, run, now)


def _check_end(run: WorkflowRun) -> Evidence | None:
    """Find fault with how a run stands or ended; None when it succeeded as a whole."""
    if run.status in _RUNNING:
        return Evidence(ValidationState.RUNNING, run, f"the run is {run.status}")
    if not run.is_completed:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"unknown run status {run.status}")
    if run.conclusion in FAILED:
        return Evidence(ValidationState.FAILED, run, f"the run ended with {run.conclusion}")
    if run.conclusion != SUCCESS:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"the run ended with {run.conclusion}")
    return None


def _check_jobs(rule: ValidationRule, run: WorkflowRun) -> Evidence | None:
    """Find fault with the required jobs of a successful run; None when each succeeded.

    `continue-on-error`, a skipped matrix leg or a renamed job can leave a run green although the
    flows never ran. Several jobs of one name must all have succeeded.
    """
    for name in rule.required_jobs:
        jobs = [job for job in run.jobs or () if job.name == name]
        if not jobs:
            return Evidence(ValidationState.INCONCLUSIVE, run, f"required job {name} did not run")
        for job in jobs:
            if job.conclusion in FAILED:
                return Evidence(ValidationState.FAILED, run, _job_detail(job))
            if job.conclusion != SUCCESS:
                return Evidence(ValidationState.INCONCLUSIVE, run, _job_detail(job))
    return None


def _job_detail(job: Job) -> str:
    return f"required job {job.name} ended with {job.conclusion or job.status}"


def _check_age(rule: ValidationRule, run: WorkflowRun, now: datetime) -> Evidence | None:
    if now - run.started_at > rule.max_age:
        detail = "the run is older than the policy allows"
        return Evidence(ValidationState.STALE, run, detail, _stale_at(rule, run))
    return None


def _stale_at(rule: ValidationRule, run: WorkflowRun) -> datetime:
    """Give the first instant at which a run is too old."""
    return run.started_at + rule.max_age + timedelta.resolution


def _check_reruns(
    rule: ValidationRule,
    run: WorkflowRun,
    infrastructure: WorkflowRun | None,
    hiding: WorkflowRun | None,
) -> Evidence | None:
    """Find fault with a green that began before a re-run which may hide a change."""
    if rule.covers is not Covers.INFRASTRUCTURE or hiding is None:
        return None
    if run.started_at > hiding.started_at:
        return None
    detail = (
        f"it started before attempt {hiding.run_attempt} of infrastructure run {hiding.run_id},"
        " and how the attempts before that ended is not known"
    )
    return Evidence(ValidationState.UNCOVERED, run, detail, _stale_at(rule, run), infrastructure)


def _check_cover(
    rule: ValidationRule, run: WorkflowRun, infrastructure: WorkflowRun | None, head_sha: Sha
) -> Evidence:
    """Give the verdict on a fresh green: passed, unless it does not cover what it must.

    An infrastructure workflow of which no successful run is known covers nothing: the name may be
    misspelt, and silence must not open the gate.
    """
    stale_at = _stale_at(rule, run)
    passed = Evidence(ValidationState.PASSED, run, "the run succeeded", stale_at, infrastructure)
    match rule.covers:
        case Covers.LATEST:
            return passed
        case Covers.SAME_COMMIT:
            if run.head_sha == head_sha:
                return passed
            return Evidence(
                ValidationState.UNCOVERED,
                run,
                f"it validated commit {run.head_sha[:7]}, this deploys {head_sha[:7]}",
                stale_at,
            )
        case Covers.INFRASTRUCTURE:
            if infrastructure is None:
                return Evidence(
                    ValidationState.UNCOVERED,
                    run,
                    f"no successful run of {rule.infrastructure_workflow} is known",
                    stale_at,
                )
            if run.started_at > infrastructure.updated_at:
                return passed
            return Evidence(
                ValidationState.UNCOVERED,
                run,
                "it started before the last infrastructure change had finished",
                stale_at,
                infrastructure,
            )
