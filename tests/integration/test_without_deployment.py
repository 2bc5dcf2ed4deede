"""Jobs that use a gated environment with `deployment: false`; GitHub's words go both ways."""

from __future__ import annotations

import pytest

from gate.domain.request import RequestState
from gate.simulator.switches import Switches
from tests.integration.harness import ENVIRONMENT, REPOSITORY, Gate


def started(gate: Gate) -> int:
    """Start a run whose jobs have not reached an environment yet."""
    run_id = gate.github.start_run(REPOSITORY, "deploy-frontend.yml")
    gate.github.progress_run(run_id)
    return run_id


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Give a gate that is asked for such jobs as for others."""
    gate.github.set_switches(Switches(job_without_deployment="asks"))
    return gate


def test_a_job_without_a_deployment_is_answered(asked: Gate) -> None:
    """Its delivery is no damaged one: the job is held like another, and goes on by the green."""
    asked.validate(REPOSITORY, "failure")
    run_id = started(asked)
    asked.github.use_environment(run_id, ENVIRONMENT)
    asked.settle()
    held = asked.record(run_id)
    assert (held.state, held.reasons) == (RequestState.WAITING, ("validation_failed",))
    assert held.head_sha == asked.github.run_view(run_id).head_sha
    assert held.deployment_ids == ()
    asked.validate(REPOSITORY, "success")
    asked.settle()
    assert asked.record(run_id).state == RequestState.APPROVED
    assert asked.github.run_view(run_id).status == "in_progress"


def test_its_run_is_read_where_its_news_was_lost(asked: Gate) -> None:
    """Without the run's webhook neither attempt nor commit is known, so GitHub is asked."""
    asked.validate(REPOSITORY, "success")
    run_id = asked.github.start_run(REPOSITORY, "deploy-frontend.yml", silent=True)
    asked.github.use_environment(run_id, ENVIRONMENT)
    asked.settle()
    assert asked.record(run_id).state == RequestState.APPROVED


def test_a_late_job_without_a_deployment_is_answered_too(asked: Gate) -> None:
    """Each such job asks by itself, although no id tells it from the one before."""
    asked.validate(REPOSITORY, "success")
    run_id = started(asked)
    for job in ("a", "b"):
        asked.github.use_environment(run_id, ENVIRONMENT, job)
        asked.settle()
    assert [it.state for it in asked.answers(run_id)] == ["approved", "approved"]
    assert asked.github.run_view(run_id).status == "in_progress"


def test_a_job_that_github_fails_asks_nobody(gate: Gate) -> None:
    """GitHub's own words: a custom rule lets no job without a deployment through."""
    gate.validate(REPOSITORY, "success")
    run_id = started(gate)
    gate.github.use_environment(run_id, ENVIRONMENT)
    gate.settle()
    assert gate.records() == []
    assert gate.github.run_view(run_id).conclusion == "failure"
