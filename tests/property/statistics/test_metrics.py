"""Whatever is on record, the metrics make sense of it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.metrics import measure_flaky_flows, measure_pass_rate, measure_time_held
from gate.domain.statistics.record import Hold, Period
from gate.domain.statistics.spread import spread_of
from tests.support.builders.defaults import NOW
from tests.support.builders.reports import make_validation_report
from tests.support.incidents import make_flow

times = st.timedeltas(timedelta(0), timedelta(days=40))
instants = times.map(lambda it: NOW + it)
conclusions = st.sampled_from([None, "success", "failure", "timed_out", "cancelled", "odd"])


@given(st.lists(times, min_size=1))
def test_a_spread_lies_among_what_was_measured(measured: list[timedelta]) -> None:
    """The slow end is not before the middle, and nine of ten took no longer."""
    found = spread_of(measured)
    assert found.median is not None
    assert found.p90 is not None
    assert min(measured) <= found.median <= found.p90 <= max(measured)
    assert found.p90 in measured
    assert 10 * sum(it <= found.p90 for it in measured) >= 9 * len(measured)


@given(st.lists(conclusions), conclusions)
def test_one_more_attempt_moves_the_rate_its_own_way(
    known: list[str | None], another: str | None
) -> None:
    """A pass makes it no worse, a failure no better, and anything else does nothing."""
    before, after = measure_pass_rate(known), measure_pass_rate([*known, another])
    assert before.rate is None or 0 <= before.rate <= 1
    if another == "success":
        assert after.rate is not None
        assert after.rate >= (before.rate or 0)
    elif another in {"failure", "timed_out"}:
        assert after.rate is not None
        assert after.rate <= (1 if before.rate is None else before.rate)
    else:
        assert after == before


@given(st.lists(st.builds(Hold, st.just("production"), instants, st.none() | instants)), instants)
def test_every_hold_is_over_or_goes_on(holds: list[Hold], until: object) -> None:
    """None is counted twice or lost, and no total is negative."""
    assert isinstance(until, type(NOW))
    found = measure_time_held(holds, Period(NOW, until))
    assert found.spread.count + found.going_on == len(holds)
    assert found.total >= timedelta(0)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(1, 3),
            st.dictionaries(st.sampled_from("abc"), st.sampled_from(FlowStatus)),
        )
    )
)
def test_a_flaky_flow_was_flaky_in_some_of_its_runs(
    reported: list[tuple[int, int, dict[str, FlowStatus]]],
) -> None:
    """In whatever order reports are read, and however many of one attempt there are."""
    reports = [
        make_validation_report(
            run_id=run_id,
            run_attempt=attempt,
            flows=tuple(make_flow(name, status) for name, status in flows.items()),
        )
        for run_id, attempt, flows in {(it[0], it[1]): it for it in reported}.values()
    ]
    found = measure_flaky_flows(reports)
    assert all(1 <= it.runs.count <= it.runs.of <= 3 for it in found)
    assert found == measure_flaky_flows(reports[::-1])
