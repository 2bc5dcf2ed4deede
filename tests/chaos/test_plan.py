"""A plan is made of its seed alone, and its text can be edited."""

from __future__ import annotations

import pytest

from tests.chaos.plan import MOST_SKEW, Plan, PlanError, read_plan, write_plan
from tests.chaos.seeds import STORM, make_plan
from tests.chaos.steps import (
    STEPS,
    CutDatabase,
    Deploy,
    FullDisk,
    Kill,
    Partition,
    ReadOnlyDatabase,
    RestartDatabase,
)

SEEDS = range(1, 301)


def kinds(plan: Plan) -> set[str]:
    """Name the kinds of a plan's steps."""
    return {type(it.step).__name__ for it in plan.steps}


def test_the_same_seed_gives_the_same_plan() -> None:
    """And another seed another one."""
    assert [make_plan(seed) for seed in SEEDS] == [make_plan(seed) for seed in SEEDS]
    assert len({write_plan(make_plan(seed)) for seed in SEEDS}) == len(SEEDS)


def test_a_plan_survives_its_text() -> None:
    """What is printed for a seed can be given back unchanged."""
    assert all(read_plan(write_plan(make_plan(seed))) == make_plan(seed) for seed in SEEDS)


def test_every_step_is_drawn() -> None:
    """No kind of trouble is left out for good."""
    assert set[str]().union(*(kinds(make_plan(seed)) for seed in SEEDS)) == set(STEPS)


def test_a_plan_stays_within_its_bounds() -> None:
    """Two to four nodes on PostgreSQL, one on SQLite, and clocks less than a minute apart."""
    shared = {it.__name__ for it in (CutDatabase, Partition, ReadOnlyDatabase, RestartDatabase)}
    for plan in map(make_plan, SEEDS):
        skews = [it.skew for it in plan.nodes]
        assert max(skews) - min(skews) <= MOST_SKEW
        assert all(0 <= it.at <= STORM + 4 for it in plan.steps)
        assert {getattr(it.step, "node", 1) for it in plan.steps} <= set(
            range(1, len(plan.nodes) + 1)
        )
        if plan.engine == "sqlite":
            assert [it.kind for it in plan.nodes] == ["serve"]
            assert not kinds(plan) & shared
        else:
            assert 2 <= len(plan.nodes) <= 4
            assert {it.kind for it in plan.nodes} & {"serve", "front"}
            assert {it.kind for it in plan.nodes} & {"serve", "worker"}
            assert FullDisk.__name__ not in kinds(plan)


def test_a_plan_is_edited_by_hand() -> None:
    """Comments and empty lines are skipped, steps may be in any order, defaults may be left out."""
    text = """
    seed 7   # where it comes from
    engine postgresql
    node serve skew=-2.5
    node worker
    3 Kill node=2 back_after=1
    # 2 Kill node=1 back_after=1
    0.5 Deploy repository=frontend
    """
    plan = read_plan(text)
    assert [it.step for it in plan.steps] == [Deploy("frontend"), Kill(2, 1.0)]
    assert [(it.kind, it.skew) for it in plan.nodes] == [("serve", -2.5), ("worker", 0.0)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 Explode node=1", "no step Explode"),
        ("1 Kill node=1", "back_after"),
        ("1 Kill node=1 back_after=1 hard=yes", "hard"),
        ("1 Kill node=one back_after=1", "one"),
        ("1 Validate repository=frontend conclusion=green", "green"),
        ("1 Partition node=1 seconds=1 silent=maybe", "maybe"),
        ("soon Kill node=1 back_after=1", "soon"),
        ("node server", "server"),
        ("1", "line 2"),
    ],
)
def test_what_cannot_be_read_is_named(line: str, says: str) -> None:
    """With the number of its line."""
    with pytest.raises(PlanError, match=f"line 2: .*{says}|{says}.*"):
        read_plan(f"node serve\n{line}\n")


def test_a_plan_needs_a_node() -> None:
    """Nothing could happen otherwise."""
    with pytest.raises(PlanError, match="no node"):
        read_plan("seed 1\n")
