"""What the sweeper finds for one owner does not depend on another."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from structlog.testing import capture_logs

from gate.clock import Clock
from gate.domain.model.ids import DeliveryId, RepositoryId, RunId
from gate.githubapp.webhooks.payloads import PARSED_EVENTS
from gate.reconciler.continuity import Continuity
from gate.reconciler.ingest.ingest import ingest
from gate.reconciler.requests.reconcile import MOST_ROUNDS
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.switches import Switches
from gate.store.github import runs
from gate.store.github.repositories import look_candidates, read_repository
from gate.store.inbox.deliveries import known_deliveries
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, reconcile


def unannounced(gate: Gate, owner: str) -> tuple[int, RepositoryId]:
    """Install the App for an owner whose webhooks are all lost; give both numbers."""
    gate.github.add_webhook_fault(WebhookFault("lose"))
    installation_id = gate.github.create_installation(owner)
    gate.github.create_repository(f"{owner}/frontend", installation_id)
    repository = gate.github.world.repository(f"{owner}/frontend")
    return installation_id, RepositoryId(repository.id)


def is_known(gate: Gate, repository_id: RepositoryId) -> bool:
    """Say whether the gate has heard of a repository."""
    found = gate.service.database.read(lambda snapshot: read_repository(snapshot, repository_id))
    return found is not None


@pytest.mark.parametrize(("status", "reason"), [(403, "permission_missing"), (404, "not_found")])
def test_a_refused_installation_leaves_the_others(gate: Gate, status: int, reason: str) -> None:
    """The repositories of the others are learnt of, and the log names the one that is refused."""
    refused, hidden = unannounced(gate, "acme")
    _, wanted = unannounced(gate, "zeta")
    gate.github.add_fault(Fault(f"installations/{refused}/access_tokens$", status=status))
    with capture_logs() as lines:
        gate.sweep()
    assert is_known(gate, wanted)
    assert not is_known(gate, hidden)
    (failed,) = [it for it in lines if it["event"] == "sweep.installation_failed"]
    assert (failed["installation_id"], failed["reason"]) == (refused, reason)
    (finished,) = [it for it in lines if it["event"] == "sweep.finished"]
    assert finished["installations"] == 2


def test_an_installation_that_cannot_be_read_now_is_read_in_the_next_round(gate: Gate) -> None:
    """An outage for one does not cost it the hour until all are listed again."""
    late, hidden = unannounced(gate, "acme")
    _, wanted = unannounced(gate, "zeta")
    gate.github.add_fault(Fault(f"installations/{late}/access_tokens$", status=503, times=1))
    gate.sweep()
    assert (is_known(gate, wanted), is_known(gate, hidden)) == (True, False)
    gate.sweep()
    assert is_known(gate, hidden)


def unreachable() -> str:
    """Give an address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/webhooks/github"


def missing(gate: Gate) -> set[DeliveryId]:
    """Name the deliveries, among those that GitHub ever sent us, that we do not have."""
    sent = {DeliveryId(it.guid) for it in gate.github.deliveries() if it.event in PARSED_EVENTS}
    return sent - gate.service.database.read(lambda it: known_deliveries(it, list(sent)))


def test_all_that_failed_while_the_gate_was_away_for_two_days_is_asked_for(gate: Gate) -> None:
    """More than one round can ask for is asked for in the next rounds, until all is there."""
    fault = gate.github.add_webhook_fault(WebhookFault("drop"))
    for _ in range(60):
        gate.github.validate(REPOSITORY, "success")
        gate.github.wait_until_delivered()
        gate.github.advance(timedelta(days=2).total_seconds() / 60)
    gate.github.clear_faults(fault)
    assert len(missing(gate)) > 150
    gate.restart()
    for _ in range(4):
        gate.sweep()
        gate.advance(minutes=1)
    assert missing(gate) == set()


def test_what_kept_deliveries_away_may_last_for_hours(gate: Gate) -> None:
    """While the gate cannot be reached it goes on asking, and gets them once it can."""
    (app,) = gate.github.world.apps.values()
    reachable = app.webhook_url
    assert reachable is not None
    gate.github.set_webhook_url(unreachable())
    gate.github.validate(REPOSITORY, "success")
    for _ in range(30):
        gate.advance(minutes=10)
        gate.sweep()
    assert missing(gate)
    gate.github.set_webhook_url(reachable)
    gate.advance(hours=1)
    gate.sweep()
    assert missing(gate) == set()


def test_a_redelivery_that_is_refused_does_not_end_the_others(gate: Gate) -> None:
    """What GitHub will not deliver again is named in the log, and the rest is asked for."""
    fault = gate.github.add_webhook_fault(WebhookFault("drop"))
    gate.github.validate(REPOSITORY, "success")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(fault)
    lost = len(missing(gate))
    gate.github.add_fault(Fault("/attempts$", status=422, times=1))
    with capture_logs() as lines:
        gate.sweep()
    assert [it["reason"] for it in lines if it["event"] == "delivery.not_asked_again"] == [
        "unprocessable"
    ]
    assert len(missing(gate)) == 1 < lost
    gate.advance(minutes=2)
    gate.sweep()
    assert missing(gate) == set()


def test_a_limited_installation_leaves_the_others_their_turn(gate: Gate) -> None:
    """GitHub is asked once for it in a round; the gates of other owners are found meanwhile."""
    limited = gate.github.create_installation("acme")
    for name in ("acme/frontend", "acme/backend", "acme/mobile"):
        gate.github.create_repository(name, limited)
        gate.github.add_fault(Fault(f"/repos/{name}/actions/runs", status=429))
    gate.sweep()
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_protection_rule"))
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.advance(3600)
    with capture_logs() as lines:
        gate.sweep()
    assert [it["event"] for it in lines].count("sweep.repository_failed") == 1
    assert gate.record(run_id).state == "approved"


def test_a_lost_delivery_distrusts_what_was_read_before_it(gate: Gate) -> None:
    """GitHub's log shows it, whoever kept it from us; once asked for, it moves nothing again."""
    before = gate.service.deps.continuity.since
    gate.github.advance(120)
    gate.github.add_webhook_fault(WebhookFault("drop", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.sweep()
    noticed = gate.service.deps.continuity.since
    assert noticed > before
    gate.github.advance(300)
    gate.sweep()
    assert gate.service.deps.continuity.since == noticed


class Restless(Continuity):
    """Webhooks that are lost all the time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock())
        self._clock = clock

    @property
    def since(self) -> datetime:
        """Distrust all that was read."""
        return self._clock() + timedelta(seconds=1)


def test_a_pass_ends_although_all_is_distrusted_at_once(gate: Gate) -> None:
    """After some rounds the deployment is held, since the facts cannot be had."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    deps = gate.service.deps
    moving = replace(deps, continuity=Restless(deps.clock))
    due = gate.due_deliveries()
    ingest(due, deps)
    before = len(gate.github.requests())
    (found,) = [it for it in gate.records() if it.run_id == run_id]
    reconcile(found.id, moving)
    assert gate.record(run_id).state == "waiting"
    assert gate.record(run_id).reasons[0] in {"facts_unavailable", "policy_unavailable"}
    assert len(gate.github.requests()) - before <= 5 * MOST_ROUNDS


RUNS = "/repos/{owner}/{repo}/actions/runs"


def installation_of(gate: Gate, name: str) -> int:
    """Give the installation that a repository is in."""
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
        gate.sweeper.sweep()
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
