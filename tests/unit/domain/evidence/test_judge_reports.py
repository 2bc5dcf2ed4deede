"""What a report does to evidence: it takes a pass away, and changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.judge import judge, judge_facts
from gate.domain.evidence.relevance import ValidationScope, relevant_reports
from gate.domain.model.policy.policy import Covers, ValidationState
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.domain.model.runs import WorkflowRun
from gate.domain.overrides.rule import held_since
from tests.support.builders.defaults import (
    BRANCH,
    FORK,
    NOW,
    OTHER_SHA,
    REPOSITORY,
    SHA,
    TICK,
    before,
)
from tests.support.builders.policies import make_rule
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_infrastructure, make_job, make_run

PASSED, FAILED = make_flow(), make_flow("add.yml", FlowStatus.FAILED)
NOT_RUN = make_flow("see.yml", FlowStatus.NOT_RUN)
RED = make_validation_report(PASSED, FAILED)


def evidence(runs: tuple[WorkflowRun, ...], *reports: ValidationReport, **rule: Any) -> Evidence:
    """Judge these runs and reports at `NOW`."""
    return judge(
        ValidationScope(make_rule(**rule), REPOSITORY, BRANCH),
        runs,
        (),
        infrastructure_since=None,
        head_sha=SHA,
        now=NOW,
        reports=reports,
    )


@pytest.mark.parametrize(
    ("flows", "state", "detail"),
    [
        ((PASSED,), ValidationState.PASSED, "the run succeeded"),
        ((make_flow("a", FlowStatus.FLAKY),), ValidationState.PASSED, "the run succeeded"),
        ((make_flow("a", FlowStatus.WARNED),), ValidationState.PASSED, "the run succeeded"),
        ((PASSED, FAILED), ValidationState.FAILED, "1 flow failed"),
        ((FAILED, FAILED, NOT_RUN), ValidationState.FAILED, "2 flows failed"),
        ((PASSED, NOT_RUN), ValidationState.INCONCLUSIVE, "1 flow did not run"),
        ((), ValidationState.INCONCLUSIVE, "no flow ran"),
    ],
)
def test_a_green_run_by_its_report(
    flows: tuple[Flow, ...], state: ValidationState, detail: str
) -> None:
    """A failed flow outweighs one that did not run; a pass with a note is a pass."""
    shown = evidence((make_run(),), make_validation_report(flows=flows))
    assert shown.state is state
    assert shown.detail.endswith(detail)
    assert shown.worsened_at == (None if state is ValidationState.PASSED else NOW)
    assert shown.report is not None


STANDS: list[tuple[dict[str, Any], dict[str, Any], ValidationState]] = [
    ({"conclusion": "failure"}, {}, ValidationState.FAILED),
    ({"status": "in_progress", "conclusion": None}, {}, ValidationState.RUNNING),
    ({"conclusion": "cancelled"}, {}, ValidationState.INCONCLUSIVE),
    ({"status": "brand_new"}, {}, ValidationState.INCONCLUSIVE),
    ({"started_at": before(hours=-1)}, {}, ValidationState.INCONCLUSIVE),
    ({"jobs": ()}, {"required_jobs": ("flows",)}, ValidationState.INCONCLUSIVE),
    (
        {"jobs": (make_job(conclusion="failure"),)},
        {"required_jobs": ("flows",)},
        ValidationState.FAILED,
    ),
    ({"started_at": before(hours=25)}, {}, ValidationState.STALE),
    ({"head_sha": OTHER_SHA}, {"covers": Covers.SAME_COMMIT}, ValidationState.UNCOVERED),
]


@pytest.mark.parametrize(
    "flows", [(PASSED,), (PASSED, FAILED), (PASSED, NOT_RUN), ()], ids=["green", "red", "cut", "0"]
)
@pytest.mark.parametrize(("run", "rule", "state"), STANDS, ids=str)
def test_any_other_state_stays(
    run: dict[str, Any], rule: dict[str, Any], state: ValidationState, flows: tuple[Flow, ...]
) -> None:
    """Whatever the report says, a run that is no pass stands as GitHub shows it."""
    report = make_validation_report(flows=flows)
    shown, told = evidence((make_run(**run),), **rule), evidence((make_run(**run),), report, **rule)
    assert (told.state, told.detail) == (shown.state, shown.detail) == (state, shown.detail)
    assert (told.report, told.worsened_at) == (report, None)


@pytest.mark.parametrize(
    "change", [{"run_id": 502}, {"run_attempt": 2}, {"repository_id": FORK}], ids=str
)
def test_a_report_of_another_attempt_says_nothing(change: dict[str, Any]) -> None:
    """Repository, run and attempt must all be those of the run that counts."""
    shown = evidence((make_run(),), make_validation_report(FAILED, **change))
    assert shown == evidence((make_run(),))


def test_a_report_without_its_run_is_no_evidence() -> None:
    """A report never makes a run count."""
    assert evidence((), RED).state is ValidationState.MISSING
    stranger = make_run(head_branch="feature")
    assert evidence((stranger,), make_validation_report()).state is ValidationState.MISSING


def test_a_report_does_not_change_which_run_counts() -> None:
    """A red report of an older run takes nothing from the newest green one, nor the reverse."""
    older = make_run(run_id=499, started_at=before(hours=2))
    assert evidence((older, make_run()), make_validation_report(FAILED, run_id=499)).state is (
        ValidationState.PASSED
    )
    green = make_validation_report(run_id=499)
    assert evidence((older, make_run()), green, RED).state is ValidationState.FAILED


def test_red_by_its_report_a_run_still_grows_old() -> None:
    """The instant is told, so that somebody looks again then."""
    assert evidence((make_run(),), RED).stale_at == before(hours=-23) + TICK


ATTEMPTS = (
    make_run(run_id=498, started_at=before(hours=5)),
    make_run(run_id=499, started_at=before(hours=4)),
    make_run(run_id=500, started_at=before(hours=3), head_branch="feature"),
    make_run(run_id=501, run_attempt=1, started_at=before(hours=2)),
    make_run(run_id=501, run_attempt=2, started_at=before(hours=1)),
)


@pytest.mark.parametrize(
    ("reported", "current", "previous"),
    [
        ([], None, None),
        ([(501, 2)], (501, 2), None),
        ([(501, 2), (501, 1), (499, 1)], (501, 2), (501, 1)),
        ([(501, 2), (498, 1), (499, 1)], (501, 2), (499, 1)),
        ([(501, 2), (500, 1), (498, 1)], (501, 2), (498, 1)),
        ([(501, 1)], (501, 1), None),
        ([(501, 1), (499, 1)], (501, 1), (499, 1)),
        ([(501, 3), (502, 1)], None, None),
    ],
    ids=str,
)
def test_which_reports_matter(
    reported: list[tuple[int, int]],
    current: tuple[int, int] | None,
    previous: tuple[int, int] | None,
) -> None:
    """The newest of the counting run's own, and the last one before it of a run that counts."""
    reports = [make_validation_report(run_id=run, run_attempt=it) for run, it in reported]
    for order in (reports, reports[::-1]):
        told = relevant_reports(
            order, ATTEMPTS[::-1], ValidationScope(make_rule(), REPOSITORY, BRANCH)
        )
        newest = told.own[-1] if told.own else None
        named = [(it.run_id, it.run_attempt) if it else None for it in (newest, told.previous)]
        assert named == [current, previous]


def test_the_comparison_is_with_the_report_before() -> None:
    """What failed there too is no news."""
    both = make_validation_report(FAILED, make_flow("b", FlowStatus.FAILED), run_attempt=2)
    facts = make_facts(validations=ATTEMPTS, reports=(make_validation_report(FAILED), both))
    compared = judge_facts(make_rule(), facts, NOW).comparison
    assert compared is not None
    assert [it.name for it in compared.newly_failing] == ["b"]
    assert [it.name for it in compared.still_failing] == ["add.yml"]


@pytest.mark.parametrize("covers", Covers)
def test_the_infrastructure_run_is_told_of_a_failure_too(covers: Covers) -> None:
    """Where the validation has to follow it, people see which change broke production."""
    run = make_infrastructure()
    facts = make_facts(validations=(make_run(conclusion="failure"),), infrastructure=(run,))
    shown = judge_facts(make_rule(covers=covers), facts, NOW)
    assert shown.infrastructure == (run if covers is Covers.INFRASTRUCTURE else None)


@pytest.mark.parametrize(
    ("ended", "reported", "since"),
    [
        (before(minutes=50), before(minutes=10), before(minutes=10)),
        (before(minutes=10), before(minutes=50), before(minutes=10)),
    ],
    ids=["report after the end", "report before the end"],
)
def test_a_hold_by_a_report_begins_with_it(ended: Any, reported: Any, since: Any) -> None:
    """What was said before it was said of a green run; a report before the end turns it then."""
    report = make_validation_report(FAILED, reported_at=reported)
    shown = evidence((make_run(updated_at=ended),), report)
    assert held_since(shown, make_request()) == since


def test_a_hold_by_the_run_itself_begins_with_its_end() -> None:
    """A report that comes later does not undo what a reviewer has said of the failure."""
    shown = evidence((make_run(conclusion="failure"),), RED)
    assert held_since(shown, make_request()) == before(minutes=50)
