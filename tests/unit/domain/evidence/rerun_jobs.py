"""Re-run some jobs of a validation, and judge the run."""

from datetime import datetime
from typing import Any

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope
from gate.domain.model.policy.policy import ValidationRule
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import Job, WorkflowRun
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, SHA, TICK, before
from tests.support.builders.policies import make_rule
from tests.support.builders.runs import make_infrastructure, make_job, make_run

NINE, NINE_ONE = before(hours=5), before(hours=5) + 60 * 1_000_000 * TICK
ONE = before(hours=1)
# NOW is 14:00: attempt 1 ran at 09:00, Terraform from 11:00 to 12:00, attempt 2 at 13:00.
IOS = make_job("ios", started_at=NINE_ONE, run_attempt=1)
RED = make_job("android", "failure", started_at=NINE_ONE, run_attempt=1)
GREEN = make_job("android", started_at=ONE, run_attempt=2)
APPLY = make_infrastructure(started_at=before(hours=3), updated_at=before(hours=2))


def rerun(*jobs: Job, **changes: Any) -> WorkflowRun:
    """Make attempt 2 of the validation, successful, with these executions of its jobs."""
    return make_run(**{"run_attempt": 2, "started_at": ONE, "jobs": jobs} | changes)


def shown(
    run: WorkflowRun,
    *reports: ValidationReport,
    change: WorkflowRun = APPLY,
    now: datetime = NOW,
    **rule: Any,
) -> Evidence:
    """Judge a run by a rule with these changes."""
    made: ValidationRule = make_rule(**rule)
    return judge(
        ValidationScope(made, REPOSITORY, BRANCH),
        (run,),
        (change,),
        infrastructure_since=None,
        head_sha=SHA,
        now=now,
        reports=reports,
    )


# Whether an attempt lists the jobs that it did not run again is told in both ways.
LISTS = {
    "listed with the new attempt": (
        IOS,
        RED,
        GREEN,
        make_job("ios", started_at=NINE_ONE, run_attempt=2),
    ),
    "listed with the old attempt only": (IOS, RED, GREEN),
}
