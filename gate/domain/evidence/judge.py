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

from gate.domain.evidence.comparison import compare
from gate.domain.evidence.cover import Changes, find_uncovered
from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import Beginning, beginning_of
from gate.domain.evidence.relevance import (
    RelevantReports,
    ValidationScope,
    counting_validations,
    last_change,
    relevant_reports,
    reports_beside,
)
from gate.domain.evidence.report_limits import bounded
from gate.domain.evidence.report_merge import carry_over
from gate.domain.evidence.run_state import check_future, check_run
from gate.domain.model.facts import Facts
from gate.domain.model.ids import Sha
from gate.domain.model.policy.policy import Covers, ValidationRule, ValidationState
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import WorkflowRun


def judge(
    scope: ValidationScope,
    validations: Iterable[WorkflowRun],
    infrastructure: Iterable[WorkflowRun],
    *,
    infrastructure_since: datetime | None,
    head_sha: Sha,
    now: datetime,
    reports: Iterable[ValidationReport] = (),
) -> Evidence:
    """Return what the newest counting validation shows at `now`.

    Age and cover are measured from the start of the oldest job that counts: a re-run of some jobs
    renews nothing. A pass of exactly `max_age` still counts.
    """
    rule, validations = scope.rule, tuple(validations)
    counting = counting_validations(validations, scope)
    if not counting:
        detail = f"no run of {rule.workflow} counts as a validation"
        return Evidence(ValidationState.MISSING, None, detail)
    run = counting[0]
    last = last_change(infrastructure, scope)
    shown = check_run(rule, run, now)
    if shown is None:
        changes = Changes(last, infrastructure_since)
        shown = _judge_success(_Success(rule, run, changes, head_sha), now)
    if rule.covers is Covers.INFRASTRUCTURE:
        shown = replace(shown, infrastructure=last)
    told = relevant_reports(reports, validations, scope)
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
    """Return whether a report counts: those of earlier attempts only once this one is over.

    Until then it may still run their flows again.
    """
    return run is not None and (run.is_completed or report.run_attempt == run.run_attempt)


def _flows(count: int) -> str:
    return f"{count} flow{'s' if count > 1 else ''}"


def judge_facts(rule: ValidationRule, facts: Facts, now: datetime) -> Evidence:
    """Return what the newest counting validation among the facts of a request shows at `now`.

    One that cannot end before the request is answered is told from one that merely runs.
    """
    shown = judge(
        ValidationScope(rule, facts.request.key.repository_id, facts.default_branch),
        facts.validations,
        facts.infrastructure,
        infrastructure_since=facts.infrastructure_since,
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


def _judge_success(green: _Success, now: datetime) -> Evidence:
    """Judge how old a success is, and what it covers, by the oldest job that counts."""
    beginning = beginning_of(green.run, green.rule.required_jobs)
    if beginning is None:
        detail = "the gate does not know which of its jobs ran again and when each started"
        return Evidence(ValidationState.INCONCLUSIVE, green.run, detail)
    shown = (
        check_future(green.run, beginning.at, now)
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
