"""A report of a failed flow counts until a later report of the same flow."""

from typing import Any

import pytest

from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import FlowStatus
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, SHA, before
from tests.support.builders.policies import make_rule
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.runs import make_run
from tests.unit.domain.evidence.rerun_jobs import GREEN, IOS, RED, rerun, shown

FIRST = make_validation_report(
    make_flow("list.yml", FlowStatus.FAILED), make_flow("open.yml"), run_attempt=1
)


def test_a_red_report_stands_until_its_flow_is_reported_again() -> None:
    """A re-run of another job is green, and has said nothing of the flow."""
    evidence = shown(rerun(IOS, RED, GREEN), FIRST)
    assert evidence.state is ValidationState.FAILED
    assert evidence.worsened_at == FIRST.reported_at


def test_a_flow_that_is_reported_again_no_longer_stands() -> None:
    """The later attempt has run it; flows that it does not name keep what was said of them."""
    again = make_validation_report(make_flow("list.yml"), run_attempt=2)
    evidence = shown(rerun(IOS, RED, GREEN), FIRST, again)
    assert evidence.state is ValidationState.PASSED
    assert evidence.report is not None
    assert {it.name for it in evidence.report.flows} == {"list.yml", "open.yml"}


@pytest.mark.parametrize(
    ("flow", "state"),
    [
        (make_flow("other.yml"), ValidationState.FAILED),
        (make_flow("list.yml", FlowStatus.NOT_RUN), ValidationState.FAILED),
        (make_flow("list.yml", FlowStatus.FLAKY), ValidationState.PASSED),
    ],
    ids=["another flow", "it did not run", "it passed at last"],
)
def test_what_clears_a_failed_flow(flow: Any, state: ValidationState) -> None:
    """Only a report that it passed."""
    again = make_validation_report(flow, run_attempt=2)
    assert shown(rerun(IOS, RED, GREEN), FIRST, again).state is state


def test_a_rerun_that_still_runs_is_not_red_by_what_was_before() -> None:
    """It may run the flow yet; the deployment waits for its end."""
    running = rerun(IOS, RED, status="in_progress", conclusion=None)
    evidence = shown(running, FIRST)
    assert evidence.state is ValidationState.RUNNING
    assert evidence.report is None


def test_the_next_run_begins_anew() -> None:
    """A whole new run that reports nothing is judged by its own end."""
    runs = (make_run(run_id=500, started_at=before(hours=2)), make_run())
    old = make_validation_report(make_flow("list.yml", FlowStatus.FAILED), run_id=500)
    evidence = judge(
        ValidationScope(make_rule(), REPOSITORY, BRANCH),
        runs,
        (),
        infrastructure_since=None,
        head_sha=SHA,
        now=NOW,
        reports=(old,),
    )
    assert evidence.state is ValidationState.PASSED
