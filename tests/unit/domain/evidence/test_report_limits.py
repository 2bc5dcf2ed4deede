"""What is kept of a long report, and that what is left out is never taken for a pass."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.evidence.judge import judge_facts
from gate.domain.evidence.report_limits import (
    MOST_ADDRESSES,
    MOST_ERRORS,
    MOST_FLOWS,
    MOST_NAMES,
    bounded,
    fit,
)
from gate.domain.evidence.report_merge import carry_over, merge_reports
from gate.domain.incidents.events import Reopened, Resolution
from gate.domain.incidents.incident import Word
from gate.domain.incidents.rule import failure_of, observe_validation
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import Flow, FlowStatus, LeftOut
from gate.domain.requests.explanation.flow_lines import describe_flows
from tests.support.builders.defaults import NOW
from tests.support.builders.policies import make_rule
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_job, make_run
from tests.support.incidents import make_incident

PASSED, FAILED, NOT_RUN = FlowStatus.PASSED, FlowStatus.FAILED, FlowStatus.NOT_RUN


def named(count: int, status: FlowStatus = PASSED, prefix: str = "flow") -> list[Flow]:
    """Make flows with names of their own."""
    return [make_flow(f"{prefix}-{at}.yml", status) for at in range(count)]


def test_the_worst_are_kept_in_their_order() -> None:
    """Failed ones before those that did not run, and those before a pass, wherever they stand."""
    flows = [*named(MOST_FLOWS), make_flow("idle.yml", NOT_RUN), make_flow("red.yml", FAILED)]
    report = bounded(make_validation_report(*flows))
    assert len(report.flows) == MOST_FLOWS
    assert [it.name for it in report.flows[-2:]] == ["idle.yml", "red.yml"]
    assert [it.name for it in report.flows[:-2]] == [it.name for it in flows[: MOST_FLOWS - 2]]
    assert report.left_out == LeftOut(passed=2)
    assert bounded(report) == report


def test_what_fits_is_kept_as_it_is() -> None:
    """A report within the limits is not touched."""
    report = make_validation_report(*named(MOST_FLOWS), make_flow("x", FAILED, error="y" * 2100))
    assert bounded(replace(report, flows=report.flows[1:])) == replace(
        report, flows=report.flows[1:]
    )


any_text = st.text(max_size=300)


@given(
    names=st.lists(any_text, min_size=1, max_size=8),
    times=st.integers(1, 300),
    error=st.text(max_size=2100),
)
def test_a_kept_report_has_a_bound(names: list[str], times: int, error: str) -> None:
    """Whatever the texts are made of, escaped and wide characters too."""
    flows = [
        make_flow(f"{at}{name}"[:300], FAILED, error=error) for at in range(times) for name in names
    ]
    urls = tuple(f"https://github.com/{at}/{'z' * 2000}" for at in range(100))
    report = bounded(make_validation_report(flows=tuple(flows), artifact_urls=urls))
    assert 0 < len(report.flows) <= MOST_FLOWS
    assert len(report.flows) + report.left_out.failed == len(flows)
    written = json.dumps([[it.name for it in report.flows]], ensure_ascii=False).encode()
    assert len(written) <= MOST_NAMES + 4 * MOST_FLOWS
    errors = json.dumps([it.error for it in report.flows], ensure_ascii=False).encode()
    assert len(errors) <= MOST_ERRORS + 4 * MOST_FLOWS
    assert len("".join(report.artifact_urls)) <= 32 * 1024
    assert bounded(report) == report


def test_failures_that_are_not_kept_count() -> None:
    """Comments, incidents and the verdict know how many there were."""
    told = bounded(make_validation_report(*named(MOST_FLOWS + 112, FAILED)))
    facts = make_facts(validations=(make_run(),), reports=(told,))
    evidence = judge_facts(make_rule(), facts, NOW)
    assert evidence.state is ValidationState.FAILED
    assert "612 flows failed; that is too many to compare by name" in evidence.detail
    lines, unlisted = describe_flows(evidence)
    assert len(lines) + unlisted == 612
    failure = failure_of(evidence)
    assert failure is not None
    assert (len(failure.flows), failure.unnamed, failure.count) == (500, 112, 612)


@pytest.mark.parametrize("status", [FAILED, NOT_RUN])
def test_no_rerun_settles_what_has_no_name(status: FlowStatus) -> None:
    """A green re-run of the flows that are kept leaves the others as they were."""
    red = bounded(make_validation_report(*named(MOST_FLOWS + 1, status)))
    green = make_validation_report(*named(MOST_FLOWS), run_attempt=2)
    assert not carry_over(red, green).is_pass
    run = make_run(run_attempt=2, jobs=(make_job(run_attempt=2),))
    facts = make_facts(validations=(run,), reports=(red, green))
    evidence = judge_facts(make_rule(), facts, NOW)
    expected = ValidationState.FAILED if status is FAILED else ValidationState.INCONCLUSIVE
    assert evidence.state is expected
    assert "1 flow" in evidence.detail


def test_a_first_namesake_is_kept_for_the_second() -> None:
    """Namesakes go by their order: the failed second one must not become the first."""
    for statuses in ([PASSED, FAILED], [FAILED, PASSED]):
        flows = [*named(MOST_FLOWS), *(make_flow("twice.yml", it) for it in statuses)]
        report = bounded(make_validation_report(*flows))
        assert [it.status for it in report.flows if it.name == "twice.yml"] == statuses


def test_the_same_flows_told_twice_are_counted_once() -> None:
    """Each alert of an attempt may bring the whole report again."""
    told = make_validation_report(*named(600, FAILED))
    kept = bounded(told)
    assert bounded(merge_reports(kept, told)) == kept
    more = make_validation_report(*named(700, FAILED, "other"))
    assert bounded(merge_reports(kept, more)).left_out == LeftOut(failed=700)


def test_a_failure_without_all_names_is_no_accepted_one() -> None:
    """Its risk was not accepted: nobody knows that the same flows fail."""
    known = make_incident("flow-0.yml")
    accepted = replace(known, how=Resolution.RISK_ACCEPTED, resolved=Word(NOW, "alice"))
    evidence = judge_facts(
        make_rule(),
        make_facts(
            validations=(make_run(run_id=77),),
            reports=(make_validation_report(make_flow("flow-0.yml", FAILED), run_id=77),),
        ),
        NOW,
    )
    assert observe_validation(accepted, evidence, NOW) is None
    assert evidence.report is not None
    unnamed = replace(evidence, report=replace(evidence.report, left_out=LeftOut(failed=1)))
    event = observe_validation(accepted, unnamed, NOW)
    assert event is not None
    assert isinstance(event.what, Reopened)
    assert event.what.failure.unnamed == 1


def test_long_names_leave_no_room_for_others() -> None:
    """As many of the worst are kept as fit, counted as they are written: here with quotes."""
    flows = [make_flow(f"{at:0298}", FAILED) for at in range(MOST_FLOWS)]
    report = bounded(make_validation_report(*flows))
    room = MOST_NAMES // 300
    assert [it.name for it in report.flows] == [it.name for it in flows[:room]]
    assert report.left_out == LeftOut(failed=MOST_FLOWS - room)
    exact = [make_flow("x" * (MOST_NAMES // 4 - 2)) for _ in range(5)]
    assert len(bounded(make_validation_report(*exact)).flows) == 4


def test_what_is_left_out_is_counted_by_how_it_ended() -> None:
    """Notes on a pass are passes."""
    flows = [
        *named(MOST_FLOWS, FAILED),
        make_flow("n", NOT_RUN),
        make_flow("n", NOT_RUN),
        make_flow("p"),
        make_flow("w", FlowStatus.WARNED),
        make_flow("f", FlowStatus.FLAKY),
        make_flow("r", FAILED),
    ]
    assert bounded(make_validation_report(*flows)).left_out == LeftOut(1, 2, 3)


def test_a_pass_is_not_kept_before_one_with_a_note() -> None:
    """The least context ones go first."""
    flows = [*named(MOST_FLOWS), make_flow("w", FlowStatus.WARNED)]
    assert bounded(make_validation_report(*flows)).flows[-1].name == "w"


@pytest.mark.parametrize("text", ["x", "é", "\N{ROCKET}", "\x01", '"'])
def test_long_errors_get_an_equal_share(text: str) -> None:
    """Whatever a character takes; what fits exactly is left alone."""
    size = len(json.dumps(text, ensure_ascii=False).encode()) - 2
    errors = [text * 2000] * 100
    shared = fit(errors, 100 * 500)
    assert all(it.endswith("…") for it in shared)
    assert all(len(json.dumps(it, ensure_ascii=False).encode()) <= 500 for it in shared)
    assert len(shared[0]) * size > 450
    exactly = ["x" * 98, "y" * 198]
    assert fit(exactly, 300) == exactly
    assert fit(exactly, 299) == ["x" * 98, "y" * 144 + "…"]


def test_errors_are_shortened_and_nothing_else() -> None:
    """A flow without one stays without."""
    flows = [
        make_flow(f"{at}.yml", FAILED, error="z" * 2000 if at % 2 else None) for at in range(200)
    ]
    report = bounded(make_validation_report(*flows))
    assert [it.name for it in report.flows] == [it.name for it in flows]
    assert {len(it.error or "") for it in report.flows} == {0, MOST_ERRORS // 100 - 2 - 2}
    assert report.left_out == LeftOut()


def test_the_first_addresses_are_kept() -> None:
    """Up to the limit, and no more."""
    urls = tuple(f"https://{at:06}{'x' * 1008}" for at in range(100))
    report = bounded(make_validation_report(artifact_urls=urls))
    assert report.artifact_urls == urls[: MOST_ADDRESSES // 1024]


def test_flows_that_did_not_run_are_counted() -> None:
    """Those that are kept and those that are not."""
    told = bounded(make_validation_report(*named(MOST_FLOWS + 1, NOT_RUN)))
    facts = make_facts(validations=(make_run(),), reports=(told,))
    evidence = judge_facts(make_rule(), facts, NOW)
    assert evidence.state is ValidationState.INCONCLUSIVE
    assert "501 flows did not run" in evidence.detail
