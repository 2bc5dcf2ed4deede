"""Of one flow the worse word counts, whoever said it and whenever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.evidence.report_merge import carry_over, merge_reports, report_of
from gate.domain.model.reports import Flow, FlowStatus, LeftOut, ValidationReport
from tests.support.builders.defaults import NOW, before
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report

BEST_FIRST: Final = (
    FlowStatus.PASSED,
    FlowStatus.WARNED,
    FlowStatus.FLAKY,
    FlowStatus.NOT_RUN,
    FlowStatus.FAILED,
)

flows: Final = st.lists(
    st.builds(
        make_flow,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(BEST_FIRST),
        error=st.none() | st.text(max_size=3),
    ),
    max_size=5,
).map(tuple)


def report(given: tuple[Flow, ...]) -> ValidationReport:
    """Make a report of just these flows."""
    return make_validation_report(flows=given)


@pytest.mark.parametrize("worse", range(len(BEST_FIRST)))
@pytest.mark.parametrize("better", range(len(BEST_FIRST)))
def test_the_worse_status_stays(better: int, worse: int) -> None:
    """In whichever report it stands."""
    one, other = (make_flow("a", BEST_FIRST[it], error=str(it)) for it in (better, worse))
    for first, second in ((one, other), (other, one)):
        (kept,) = merge_reports(report((first,)), report((second,))).flows
        assert kept.status is BEST_FIRST[max(better, worse)]


def test_words_of_the_report_stay_where_the_other_is_no_worse() -> None:
    """What else is known is added: the deployment, artifacts, flows it does not have."""
    alert = make_alert_report(
        make_flow("a", FlowStatus.FAILED, error="short"),
        make_flow("b"),
        artifact_urls=("https://x.example/2", "https://x.example/1"),
        received_at=before(minutes=1),
        job_url="https://github.com/acme/shop/actions/runs/501/job/9",
    )
    own = make_validation_report(
        make_flow("a", FlowStatus.FAILED, error="the whole story"),
        terraform_deployment_id=None,
        artifact_urls=("https://x.example/1",),
    )
    assert merge_reports(own, report_of(alert)) == make_validation_report(
        make_flow("a", FlowStatus.FAILED, error="the whole story"),
        make_flow("b"),
        artifact_urls=("https://x.example/1", "https://x.example/2"),
        reported_at=NOW - timedelta(minutes=1),
    )


def test_namesakes_are_told_apart_by_their_order() -> None:
    """Two flows of one name stay two."""
    own = report((make_flow("a"), make_flow("a", FlowStatus.FAILED)))
    assert merge_reports(own, own) == own
    merged = merge_reports(own, report((make_flow("a", FlowStatus.NOT_RUN),)))
    assert [it.status for it in merged.flows] == [FlowStatus.NOT_RUN, FlowStatus.FAILED]


@given(flows, flows)
def test_nothing_gets_better_and_nothing_is_lost(
    one: tuple[Flow, ...], other: tuple[Flow, ...]
) -> None:
    """Either way round, the same flows have the same statuses; again changes nothing."""
    merged = merge_reports(report(one), report(other))
    turned = merge_reports(report(other), report(one))
    assert merge_reports(merged, report(other)) == merged

    def statuses(given: ValidationReport) -> list[tuple[str, str]]:
        return sorted((it.name, it.status) for it in given.flows)

    assert statuses(merged) == statuses(turned)
    for name in "abc":
        for status in (FlowStatus.FAILED, FlowStatus.NOT_RUN):
            told = [sum((it.name, it.status) == (name, status) for it in one)]
            told.append(sum((it.name, it.status) == (name, status) for it in other))
            kept = [it for it in merged.flows if it.name == name and not it.is_pass]
            assert len(kept) >= max(told)


@given(flows, flows, flows)
def test_alerts_and_the_report_arrive_in_any_order(
    own: tuple[Flow, ...], one: tuple[Flow, ...], other: tuple[Flow, ...]
) -> None:
    """The report with what two alerts add to it is the same, whether it comes first or last."""
    first = merge_reports(merge_reports(report(own), report(one)), report(other))
    last = merge_reports(report(own), merge_reports(report(one), report(other)))
    assert first == last


@pytest.mark.parametrize(
    ("first", "second", "is_later"),
    [
        (FlowStatus.PASSED, FlowStatus.FAILED, True),
        (FlowStatus.PASSED, FlowStatus.NOT_RUN, True),
        (FlowStatus.NOT_RUN, FlowStatus.FAILED, True),
        (FlowStatus.PASSED, FlowStatus.FLAKY, False),
        (FlowStatus.FAILED, FlowStatus.FAILED, False),
        (FlowStatus.FAILED, FlowStatus.PASSED, False),
    ],
)
def test_the_time_is_when_it_became_as_bad_as_it_is(
    first: FlowStatus, second: FlowStatus, *, is_later: bool
) -> None:
    """What was said of a green report was not said of the red one that an alert made of it."""
    early = make_validation_report(make_flow("a", first), reported_at=before(minutes=1))
    late = make_validation_report(make_flow("a", second))
    at = NOW if is_later else before(minutes=1)
    assert merge_reports(early, late).reported_at == merge_reports(late, early).reported_at == at


def test_a_later_attempt_keeps_what_it_does_not_tell() -> None:
    """Deployment and artifacts of the earlier report stay beside its own."""
    earlier = make_validation_report(
        make_flow("a", FlowStatus.FAILED),
        artifact_urls=("https://1", "https://0"),
        reported_at=before(hours=2),
    )
    later = make_validation_report(
        make_flow("b"),
        run_attempt=2,
        terraform_deployment_id=None,
        artifact_urls=("https://2", "https://1"),
    )
    both = carry_over(earlier, later)
    assert both.terraform_deployment_id == "deploy-12345"
    assert both.artifact_urls == ("https://2", "https://1", "https://0")
    assert (both.run_attempt, both.job_url) == (2, later.job_url)
    own = replace(later, terraform_deployment_id="deploy-2")
    assert carry_over(earlier, own).terraform_deployment_id == "deploy-2"


def test_a_failure_that_stands_is_as_old_as_its_report() -> None:
    """A later report without a fault of its own makes nothing worse; another one does."""
    earlier = make_validation_report(make_flow("a", FlowStatus.FAILED), reported_at=before(hours=2))
    green = make_validation_report(make_flow("b"), run_attempt=2)
    red = make_validation_report(make_flow("b", FlowStatus.FAILED), run_attempt=2)
    assert carry_over(earlier, green).reported_at == before(hours=2)
    assert carry_over(earlier, red).reported_at == NOW


def test_an_alert_is_a_report_of_its_attempt() -> None:
    """With all that it tells of it."""
    said = make_alert_report(make_flow("a"), artifact_urls=("https://1",), run_attempt=3)
    assert report_of(said) == make_validation_report(
        make_flow("a"), artifact_urls=("https://1",), run_attempt=3, job_url=said.job_url
    )


def test_what_is_not_kept_of_either_report_counts() -> None:
    """An alert may come before the report, or after it."""
    one = replace(make_validation_report(), left_out=LeftOut(failed=2, passed=1))
    other = replace(make_validation_report(), left_out=LeftOut(not_run=3, passed=4))
    for both in (merge_reports(one, other), merge_reports(other, one), carry_over(one, other)):
        assert both.left_out == LeftOut(2, 3, 4)
