"""Whatever is on record, the metrics make sense of it."""

from __future__ import annotations

import statistics
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.metrics import measure_flaky_flows, measure_pass_rate
from gate.domain.statistics.record import Attempts, FlowReport, FlowResult
from gate.domain.statistics.spread import spread_of, spread_of_runs
from tests.support.builders.defaults import NOW

times = st.timedeltas(timedelta(0), timedelta(days=40))


def ended(found: list[str]) -> list[Attempts]:
    """Attempts that ended so."""
    return [Attempts(NOW.date(), it, 1) for it in found]


conclusions = st.sampled_from(["success", "failure", "timed_out", "cancelled", "odd"])


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
def test_one_more_attempt_moves_the_rate_its_own_way(known: list[str], another: str) -> None:
    """A pass makes it no worse, a failure no better, and anything else does nothing."""
    before, after = measure_pass_rate(ended(known)), measure_pass_rate(ended([*known, another]))
    assert before.rate is None or 0 <= before.rate <= 1
    if another == "success":
        assert after.rate is not None
        assert after.rate >= (before.rate or 0)
    elif another in {"failure", "timed_out"}:
        assert after.rate is not None
        assert after.rate <= (1 if before.rate is None else before.rate)
    else:
        assert after == before


@given(st.lists(st.lists(times)))
def test_a_spread_is_the_same_however_the_times_are_laid_out(days: list[list[timedelta]]) -> None:
    """Selecting among sorted days finds what sorting all of them together would."""
    together = sorted(it for day in days for it in day)
    found = spread_of_runs([sorted(it // timedelta(microseconds=1) for it in day) for day in days])
    assert found.count == len(together)
    if together:
        assert found.median == statistics.median(together)  # type: ignore[type-var]  # a timedelta can be halved
        assert found.p90 == next(
            it for at, it in enumerate(together, 1) if 10 * at >= 9 * len(together)
        )


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
        FlowReport(
            RepositoryId(1),
            RunId(run_id),
            attempt,
            NOW,
            tuple(FlowResult(name, status) for name, status in flows.items()),
        )
        for run_id, attempt, flows in {(it[0], it[1]): it for it in reported}.values()
    ]
    found = measure_flaky_flows(reports)
    assert all(1 <= it.runs.count <= it.runs.of <= 3 for it in found)
    assert found == measure_flaky_flows(reports[::-1])
