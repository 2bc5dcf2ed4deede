"""How figures of the benchmark are computed and shown."""

from __future__ import annotations

import json

import pytest

from tests.bench.decisions import Measured
from tests.bench.fleet.streams import Stream, rate
from tests.bench.report import Report, percentile, quantiles, ratio


def measured(decisions: int, seconds: float) -> Measured:
    """Make a batch in which only the rate matters."""
    return Measured(decisions, seconds, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "0 / 0"), (3, "1 / 2"), (100, "50 / 99"), (1000, "500 / 990")]
)
def test_quantiles_are_of_the_sorted_times(count: int, expected: str) -> None:
    """Median and 99th percentile do not depend on the order of the times."""
    assert quantiles([float(it) for it in reversed(range(count))]) == expected


def test_the_whole_share_is_the_longest() -> None:
    """No share lies outside of what was measured."""
    assert percentile([1.0, 2.0, 3.0], 1.0) == 3.0


def test_a_ratio_to_nothing_is_left_out() -> None:
    """Where there is nothing to compare with, no ratio is shown."""
    assert [ratio(3, 2), ratio(3, 0)] == ["1.50", ""]


def test_a_rate_is_the_median_of_streams_of_that_size() -> None:
    """Streams of other sizes or latencies do not count."""
    found = [
        Stream(1, 0.0, measured(100, 1), 0),
        Stream(2, 0.0, measured(100, 2), 0),
        Stream(2, 0.0, measured(100, 4), 0),
        Stream(2, 0.05, measured(100, 10), 0),
    ]
    assert rate(found, 2, 0.0) == 37.5


def test_a_report_is_written_as_json_and_markdown() -> None:
    """Both forms have every line, and a bar in a text breaks no table."""
    report = Report()
    report.add_rate("a | b", 150, 100, 600)
    report.add_row("  next", "7")
    written = report.as_markdown().splitlines()
    assert json.loads(report.as_json())["lines"][0] == {
        "what": "a | b",
        "figure": "150",
        "goal": ">= 100",
        "floor": "600",
        "ratio": "0.25",
    }
    assert written[-2:] == ["| a \\| b | 150 | >= 100 | 600 | 0.25 |", "| next | 7 | | | |"]
