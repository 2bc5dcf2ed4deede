"""The paper plan computes what it says, and finds the limits that there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.growth import tables
from tests.bench.growth.figures import Cost, read_figures
from tests.bench.growth.model import (
    A_DAY,
    Organization,
    calls_in_busiest_hour,
    quota,
    sweep_minutes,
    total,
)
from tests.bench.growth.simulation import GITHUB_A_SECOND, play

SMALL = Organization(1_000, 10)


def test_a_day_of_one_repository_adds_up() -> None:
    """Twelve runs of three webhooks, one deployment of eight, and the rest."""
    assert total(A_DAY, "webhooks") == pytest.approx(12 * 3 + 8 + 0.2 * 3 + 6 + 1)
    assert total(A_DAY.times(10), "webhooks") == pytest.approx(10 * total(A_DAY, "webhooks"))


@pytest.mark.parametrize(
    ("repositories", "expected"),
    [(1, 5_000), (20, 5_000), (21, 5_050), (170, 12_500), (9_999, 12_500)],
)
def test_the_quota_grows_as_github_says(repositories: int, expected: int) -> None:
    """Fifty calls for each repository above twenty, up to a limit."""
    assert quota(repositories) == expected


def test_one_installation_cannot_hold_all() -> None:
    """A hundred thousand repositories need more calls than one installation has; twenty do not."""
    assert calls_in_busiest_hour(100_000) > quota(100_000)
    assert calls_in_busiest_hour(5_000) < quota(5_000)


def test_the_sweep_takes_longer_where_one_round_is_not_enough() -> None:
    """Two rounds at most for as many as a round covers."""
    assert (sweep_minutes(60), sweep_minutes(3_000)) == (2, 100)


def test_an_hour_is_the_same_for_the_same_seed() -> None:
    """So the page does not change from run to run."""
    assert play(SMALL, 150, seed=3) == play(SMALL, 150, seed=3)
    assert play(SMALL, 150, seed=3) != play(SMALL, 150, seed=4)


def test_nobody_waits_where_nothing_is_short() -> None:
    """All are answered in the second in which they ask."""
    played = play(SMALL, 150)
    assert played.answers > 100
    assert (played.p50, played.p99, played.longest) == (0, 0, 0)


def test_slow_nodes_let_all_wait() -> None:
    """Fifteen hundred in an hour at one in four seconds take longer than the hour."""
    played = play(Organization(10_000, 10), 0.25)
    assert played.longest >= played.answers * 4 - 3_600


def test_github_lets_one_installation_wait() -> None:
    """More than three a second come in, and as many as three go out."""
    played = play(Organization(100_000, 1), 1_000)
    assert played.longest == pytest.approx(played.answers / GITHUB_A_SECOND - 3_600, abs=180)


def test_figures_are_read_from_what_the_bench_writes(tmp_path: Path) -> None:
    """Lines that belong to one begin with two blanks; what is not there is None."""
    file = tmp_path / "figures.json"
    acknowledged = "fleet, serve: durable acknowledgements a second (5000 of 12 KB)"
    decided = "fleet, stream of 600, GitHub at 50 ms: decisions a second, one node"
    lines = [
        (acknowledged, "1200"),
        ("  CPU ms each, node / PostgreSQL", "0.62 / 0.32"),
        (decided, "160"),
        ("  2 nodes", "250"),
        ("  CPU ms a decision, nodes / PostgreSQL, nodes: 1", "5.0 / 3.0"),
        ("  CPU ms a decision, nodes / PostgreSQL, nodes: 2", "5.1 / 3.2"),
    ]
    written = [{"what": what, "figure": figure} for what, figure in lines]
    file.write_text(json.dumps({"machine": "a machine", "lines": written}))
    figures = read_figures(file)
    assert figures.acknowledged_a_second == 1200
    assert figures.decided_a_second == {1: 160, 2: 250}
    assert (figures.webhook, figures.decision) == (Cost(0.62, 0.32), Cost(5.1, 3.2))
    assert figures.node_mib is None
    assert tables.UNKNOWN not in tables.sizes(figures)
    assert tables.measured(figures).count(tables.UNKNOWN) == 2


def test_without_figures_the_page_says_so(tmp_path: Path) -> None:
    """Nothing is made up."""
    figures = read_figures(tmp_path / "absent.json")
    assert tables.sizes(figures).count(tables.UNKNOWN) == 12
