"""A long run of many seeds goes on after a bad one, and can be resumed."""

from __future__ import annotations

import pytest

from tests.chaos.__main__ import play_all
from tests.chaos.plan import Plan
from tests.chaos.seeds import make_plan

PLANS = [make_plan(seed) for seed in (1, 2, 3)]


def test_a_seed_that_cannot_be_played_is_broken_and_the_next_is_played(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error takes one line, and the seeds after it are played."""

    def keeps(plan: Plan) -> bool:
        if plan.seed == 1:
            raise TimeoutError("no node came up")
        return plan.seed != 2

    assert play_all(PLANS, keeps) == [1, 2]
    assert capsys.readouterr().out == "seed 1: ERROR (TimeoutError: no node came up)\n"


def test_a_run_that_is_stopped_names_the_seed_to_resume_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The seed that was interrupted is played again."""

    def keeps(plan: Plan) -> bool:
        if plan.seed == 2:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        play_all(PLANS, keeps)
    assert capsys.readouterr().out == "stopped during seed 2; resume from there; broken so far: 1\n"
