"""What a judgment says beside its state: which run shows it, why, and when it may change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import Beginning
from gate.domain.evidence.judge import judge_facts
from gate.domain.evidence.relevance import RelevantReports, ValidationScope, relevant_reports
from gate.domain.evidence.run_state import CLOCK_ERROR
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import WorkflowRun
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, TICK, before
from tests.support.builders.policies import make_rule
from tests.support.builders.reports import make_validation_report
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_job, make_run

FAILED, INCONCLUSIVE = ValidationState.FAILED, ValidationState.INCONCLUSIVE
LATE = NOW + CLOCK_ERROR + TICK
AGAIN = make_job(run_attempt=2, started_at=before(minutes=30))
OLD = make_job("lint", started_at=before(days=2))


def judged(run: WorkflowRun | None, **rule: Any) -> Evidence:
    """Judge a run, or none, by a rule with these changes."""
    facts = make_facts(validations=() if run is None else (run,))
    return judge_facts(make_rule(**rule), facts, NOW)


@pytest.mark.parametrize(
    ("run", "rule", "state", "detail"),
    [
        (
            None,
            {},
            ValidationState.MISSING,
            "no run of .github/workflows/production-validation.yml counts as a validation",
        ),
        (make_run(), {}, ValidationState.PASSED, "the run succeeded"),
        (make_run(conclusion="timed_out"), {}, FAILED, "the run timed out"),
        (make_run(conclusion="stale"), {}, INCONCLUSIVE, "the run ended with stale"),
        (
            make_run(status="queued", conclusion=None),
            {},
            ValidationState.RUNNING,
            "the run is queued",
        ),
        (make_run(status="new", conclusion=None), {}, INCONCLUSIVE, "unknown run status new"),
        (make_run(started_at=LATE), {}, INCONCLUSIVE, "the run's start time is in the future"),
        (
            make_run(run_attempt=2, jobs=None),
            {},
            INCONCLUSIVE,
            "the gate does not know which of its jobs ran again and when each started",
        ),
        (
            make_run(jobs=(make_job("lint"),)),
            {"required_jobs": ("flows",)},
            INCONCLUSIVE,
            "required job flows did not run",
        ),
        (
            make_run(jobs=(make_job(conclusion="failure"),)),
            {"required_jobs": ("flows",)},
            FAILED,
            "required job flows failed",
        ),
        (
            make_run(jobs=(make_job(conclusion="skipped"),)),
            {"required_jobs": ("flows",)},
            INCONCLUSIVE,
            "required job flows was skipped",
        ),
        (
            make_run(jobs=(make_job(conclusion=None, status="queued"),)),
            {"required_jobs": ("flows",)},
            INCONCLUSIVE,
            "required job flows is queued",
        ),
        (
            make_run(started_at=before(hours=25)),
            {},
            ValidationState.STALE,
            "it is older than max_age in the policy",
        ),
        (
            make_run(run_attempt=2, started_at=before(minutes=31), jobs=(AGAIN, OLD)),
            {},
            ValidationState.STALE,
            (
                "it is older than max_age in the policy: attempt 2 did not re-run job lint,"
                " which started at 2026-02-28 12:00 UTC; re-run all jobs"
            ),
        ),
        (
            make_run(run_attempt=2, started_at=before(days=2), jobs=(OLD, AGAIN)),
            {},
            ValidationState.STALE,
            "it is older than max_age in the policy",
        ),
    ],
)
def test_each_judgment_names_its_run_and_why(
    run: WorkflowRun | None, rule: dict[str, Any], state: ValidationState, detail: str
) -> None:
    """An override is held against the end of the run that is shown, so it must be there."""
    shown = judged(run, **rule)
    assert (shown.state, shown.run, shown.detail) == (state, run, detail)


def test_a_job_that_begins_in_the_future_is_not_believed() -> None:
    """As little as such a run, and until the same moment."""
    run = make_run(run_attempt=2, jobs=(make_job(run_attempt=2, started_at=LATE),))
    shown = judged(run)
    assert (shown.state, shown.run) == (INCONCLUSIVE, run)
    assert shown.stale_at == LATE - CLOCK_ERROR == NOW + TICK
    assert judged(make_run(started_at=LATE)).stale_at == NOW + TICK


def test_a_success_tells_its_oldest_job() -> None:
    """The comment shows the age by it, whatever else is wrong."""
    jobs = (make_job("ios", started_at=before(hours=3)), make_job("android"))
    for max_age in (timedelta(hours=4), timedelta(hours=2)):
        assert judged(make_run(jobs=jobs), max_age=max_age).beginning == Beginning(
            before(hours=3), jobs[0]
        )


def test_reports_without_a_run_that_counts_are_none() -> None:
    """They may have come before their run's webhook, or be of a branch that does not count."""
    for runs in ((), (make_run(head_branch="feature"),)):
        told = relevant_reports(
            (make_validation_report(),), runs, ValidationScope(make_rule(), REPOSITORY, BRANCH)
        )
        assert told == RelevantReports((), None)
