"""Concurrency groups, as GitHub keeps them: a run at the gate holds its group."""

from __future__ import annotations

from typing import Any

import pytest

from gate.simulator.errors import Impossible
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story

DEPLOY = "deploy-frontend.yml"


def start(story: Story, **given: Any) -> int:
    """Start a run of the group."""
    return story.github.start_run(REPOSITORY, DEPLOY, **{"group": "deploy"} | given)


def stands(story: Story, *run_ids: int) -> list[str]:
    """Return how runs stand."""
    views = [story.github.run_view(it) for it in run_ids]
    return [it.conclusion or it.status for it in views]


def test_a_newer_pending_run_cancels_the_older_one(story: Story) -> None:
    """Without any of its jobs; the run that waits at the gate is not touched."""
    held = story.github.deploy(REPOSITORY, ENVIRONMENT, group="deploy").run_id
    first, second, third = (start(story, group=it) for it in ("deploy", "Deploy", "deploy"))
    assert stands(story, held, first, second, third) == [
        "waiting",
        "cancelled",
        "cancelled",
        "pending",
    ]
    assert story.github.run_view(first).jobs == ()
    with pytest.raises(Impossible):
        story.github.progress_run(third)
    story.github.cancel_run(held)
    story.github.progress_run(third)
    assert stands(story, third) == ["in_progress"]


def test_a_queue_lets_all_of_them_wait_in_order(story: Story) -> None:
    """The oldest goes first."""
    held = story.github.deploy(REPOSITORY, ENVIRONMENT, group="deploy").run_id
    first, second = start(story, queue="max"), start(story, queue="max")
    assert stands(story, first, second) == ["pending", "pending"]
    story.github.cancel_run(held)
    with pytest.raises(Impossible):
        story.github.progress_run(second)
    story.github.progress_run(first)


def test_groups_and_runs_without_one_are_apart(story: Story) -> None:
    """Another group, and a run of none, wait for nobody."""
    story.github.deploy(REPOSITORY, ENVIRONMENT, group="deploy")
    assert stands(story, start(story, group="other"), start(story, group=None)) == ["queued"] * 2
