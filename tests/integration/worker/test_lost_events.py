"""The sweep finds requests, bypasses and validations whose webhooks were lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from gate.domain.model.ids import RepositoryId, RunId
from gate.simulator.faults import WebhookFault
from gate.simulator.switches import Switches
from gate.store.github import runs
from gate.store.github.repositories import look_candidates, read_repository
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

RUNS = "/repos/{owner}/{repo}/actions/runs"


def installation_of(gate: Gate, name: str) -> int:
    """Return the installation that a repository is in."""
    found = gate.service.database.read(
        lambda snapshot: read_repository(
            snapshot, RepositoryId(gate.github.world.repository(name).id)
        )
    )
    assert found is not None
    return found.installation_id


def lose(gate: Gate, event: str) -> None:
    """Let GitHub send no delivery of an event, and log none."""
    gate.github.add_webhook_fault(WebhookFault("lose", event=event))


def two_minutes_later(gate: Gate) -> None:
    """Make the two rounds of the sweep that two minutes have."""
    for _ in range(2):
        gate.advance(minutes=1)
        gate.sweep()


def test_a_lost_request_is_found_within_two_minutes(gate: Gate) -> None:
    """In a repository in which nothing waited before."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    lose(gate, "deployment_protection_rule")
    run_id = gate.github.deploy(REPOSITORY).run_id
    two_minutes_later(gate)
    assert gate.record(run_id).state == "approved"


def test_a_lost_request_beside_a_job_that_runs_is_found_within_two_minutes(gate: Gate) -> None:
    """GitHub shows the run as in progress then."""
    gate.validate(REPOSITORY, "success")
    before = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(before).state == "approved"
    gate.sweep()
    lose(gate, "deployment_protection_rule")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.start_job(run_id, "smoke-test")
    assert gate.github.run_view(run_id).status == "in_progress"
    two_minutes_later(gate)
    assert gate.record(run_id).state == "approved"


def test_a_bypass_beside_a_job_that_runs_is_found(gate: Gate) -> None:
    """The run is in progress before and after; what it waits for tells the difference."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.start_job(run_id, "smoke-test")
    gate.settle()
    gate.advance(minutes=2)
    gate.sweep()
    assert gate.record(run_id).state == "waiting"
    lose(gate, ".*")
    gate.github.bypass("boss", run_id, ENVIRONMENT)
    two_minutes_later(gate)
    gate.advance(seconds=45)
    assert gate.record(run_id).reasons == ("bypassed",)


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [("failure", "success", "approved"), ("success", "failure", "waiting")],
)
def test_a_lost_validation_is_found_within_two_minutes(
    gate: Gate, before: str, after: str, state: str
) -> None:
    """A green releases what waits; a red holds what comes."""
    gate.validate(REPOSITORY, before)
    held = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.sweep()
    lose(gate, "workflow_run")
    gate.validate(REPOSITORY, after)
    two_minutes_later(gate)
    later = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(held).state == "approved"
    assert gate.record(later).state == state


def test_runs_of_other_workflows_are_not_kept(gate: Gate) -> None:
    """They are evidence of nothing."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.sweep()
    lose(gate, "workflow_run")
    other = gate.validate(REPOSITORY, "success", workflow="lint.yml")
    two_minutes_later(gate)
    repository_id = RepositoryId(gate.github.run_view(other).repository_id)
    known = gate.service.database.read(
        lambda snapshot: runs.newest_attempt(snapshot, repository_id, RunId(other))
    )
    assert known is None


@pytest.mark.parametrize("spelling", ["any_case", "exact"])
def test_an_adopted_gate_is_answered_in_githubs_spelling(
    gate: Gate, spelling: Literal["any_case", "exact"]
) -> None:
    """A policy may spell the environment in another way."""
    gate.github.set_switches(Switches(environment_spelling=spelling))
    shouted = "octo-org/shouted"
    gate.github.create_repository(shouted, installation_of(gate, REPOSITORY))
    gate.github.protect_environment(shouted, ENVIRONMENT.upper())
    gate.settle()
    gate.validate(shouted, "success")
    lose(gate, "deployment_protection_rule")
    run_id = gate.github.deploy(shouted, ENVIRONMENT.upper()).run_id
    two_minutes_later(gate)
    assert gate.record(run_id).environment == ENVIRONMENT.upper()
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


def test_looking_where_nothing_happens_costs_nothing(gate: Gate) -> None:
    """GitHub does not count a listing that is unchanged."""
    for number in range(40):
        name = f"octo-org/service-{number}"
        gate.github.create_repository(name, installation_of(gate, REPOSITORY))
    gate.settle()
    gate.sweep()
    gate.advance(minutes=2)
    gate.sweep()
    before = len(gate.github.requests())
    two_minutes_later(gate)
    made = [it for it in gate.github.requests()[before:] if it.installation_id is not None]
    assert len(made) >= 41
    assert {(it.route, it.status) for it in made} == {(RUNS, 304)}


def test_a_busy_repository_leaves_the_others_their_looks(gate: Gate) -> None:
    """A deployment waits in it, and 95 runs of its deploying workflow are in progress."""
    gate.github.create_repository("octo-org/shop", installation_of(gate, REPOSITORY))
    gate.validate(REPOSITORY, "failure")
    gate.validate("octo-org/shop", "success")
    gate.settle()
    gate.github.deploy(REPOSITORY)
    for _ in range(95):
        gate.github.start_job(gate.github.start_run(REPOSITORY, "deploy-frontend.yml"), "build")
    gate.settle()
    for minute in range(20):
        gate.github.advance(60)
        gate.sweep_only()
        now = gate.service.deps.clock()
        known = gate.service.database.read(
            lambda it, at=now: look_candidates(it, at, 99)  # type: ignore[misc]
        )
        looked = {it.repository.full_name: it.looked_at for it in known}
        for at in looked.values() if minute > 1 else ():
            assert at is not None
            assert now - at <= timedelta(minutes=2)


def test_runs_that_wait_for_others_leave_a_run_in_progress_its_turn(gate: Gate) -> None:
    """Six runs wait for reviewers of an environment that is none of ours, for ever."""
    gate.github.protect_environment(REPOSITORY, "docs", reviewers=["carol"], custom_rule=False)
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    for _ in range(6):
        run_id = gate.github.start_run(REPOSITORY, "publish-docs.yml")
        gate.github.reach_environment(run_id, "docs")
    gate.settle()
    gate.sweep()
    lose(gate, "deployment_protection_rule")
    run_id = gate.github.start_run(REPOSITORY, "deploy-frontend.yml")
    gate.github.start_job(run_id, "smoke-test")
    two_minutes_later(gate)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    two_minutes_later(gate)
    two_minutes_later(gate)
    assert gate.record(run_id).state == "approved"
