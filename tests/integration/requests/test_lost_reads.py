"""No answer that GitHub fails to give, or gives wrongly once, opens the gate.

Each scenario ends in a hold or a rejection, and would end in an approval if what it is about were
not seen: a policy, a newer run, a job, a person. The calls of a pass that trusts nothing are
counted, and then each of them in turn is answered wrongly in each way, by itself or with those
after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from gate.bootstrap.service import github_port
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.reconciler.continuity import Continuity
from gate.simulator.faults import Fault, WebhookFault
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, reconcile, running_gate
from tests.support.rows import due_ids

POLICY: Final = ".github/deployment-gate.yml"
SHARED: Final = "octo-org/.github"
READS: Final = r"^(?!.*/(deployment_protection_rule|issues|comments|reactions|statuses)$)"
_NOTHING: Final = (
    '{"total_count": 0, "workflow_runs": [], "jobs": [], "environments": [], "permissions": {}}'
)
NOTHING_THERE: Final = (
    Fault(READS, status=404, times=1),
    Fault(READS, status=404, times=3),
    Fault(READS, status=200, body="[]", times=1),
    Fault(READS, status=200, body=_NOTHING, times=1),
)
"""Answers that a reader may take for the absence of what holds a deployment."""
FAILURES: Final = (
    Fault(READS, status=403, times=1),
    Fault(READS, status=422, times=1),
    Fault(READS, status=422, times=3),
    Fault(READS, status=500, times=1),
    Fault(READS, damage="close", times=1),
)
"""Answers that no reader can take for anything: they end a pass alike, whatever was asked."""
WHY: Final = "I accept the risk: checkout is down and this build fixes it."

Scenario = Callable[[Gate], Callable[[], int]]
"""Sets the stage and gives what brings one more deployment to the gate."""


def policy(rule: str = "", more: str = "") -> str:
    """Spell a policy for the environment."""
    validation = f"    validation: {{{rule}}}\n"
    return f"version: 1\nenvironments:\n  {ENVIRONMENT}:\n{validation}{more}"


def deploying(gate: Gate) -> Callable[[], int]:
    """Return what brings a deployment to the gate."""
    return lambda: gate.github.deploy(REPOSITORY).run_id


def unheard(gate: Gate, validate: Callable[[], object]) -> Callable[[], int]:
    """Return what brings a deployment to the gate after a pass and after what only GitHub knows."""

    def act() -> int:
        gate.validate(REPOSITORY, "success")
        gate.ingest_deliveries()
        number = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
        validate()
        gate.github.wait_until_delivered()
        # Other faults may be in force.
        gate.github.clear_faults(number)
        return gate.github.deploy(REPOSITORY).run_id

    return act


def red(gate: Gate) -> Callable[[], int]:
    """The newest validation is red, and the gate has not heard of it."""
    return unheard(gate, lambda: gate.validate(REPOSITORY, "failure"))


def running(gate: Gate) -> Callable[[], int]:
    """A newer validation runs, and the gate has not heard of it."""

    def begin() -> None:
        gate.github.advance(1)
        gate.github.progress_run(
            gate.github.start_run(REPOSITORY, "production-validation.yml", event="push")
        )

    return unheard(gate, begin)


def rejected(gate: Gate) -> Callable[[], int]:
    """The newest validation is red, and the policy rejects."""
    gate.github.put_file(REPOSITORY, POLICY, policy(more="    when: {failed: reject}\n"))
    return red(gate)


def stale(gate: Gate) -> Callable[[], int]:
    """The pass is too old for the repository's policy, not for the built-in one."""
    gate.github.put_file(REPOSITORY, POLICY, policy("max_age: 1h"))
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(hours=2)
    return deploying(gate)


def stale_for_the_floor(gate: Gate) -> Callable[[], int]:
    """The pass is too old for the organization's policy, which alone speaks."""
    gate.github.create_repository(SHARED, next(iter(gate.github.world.installations)))
    gate.github.put_file(SHARED, POLICY, policy("max_age: 1h"))
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(hours=2)
    return deploying(gate)


def below_the_floor(gate: Gate) -> Callable[[], int]:
    """The repository's policy is looser than the organization's."""
    act = stale_for_the_floor(gate)
    gate.github.put_file(REPOSITORY, POLICY, policy("max_age: 23h"))
    gate.settle()
    return act


def invalid(gate: Gate) -> Callable[[], int]:
    """The policy has an error, and the built-in one would approve."""
    gate.github.put_file(REPOSITORY, POLICY, policy("max_agee: 1h"))
    gate.validate(REPOSITORY, "success")
    gate.settle()
    return deploying(gate)


def misnamed(gate: Gate) -> Callable[[], int]:
    """A policy stands beside the right one under a wrong name, and the right one would approve."""
    gate.github.put_file(REPOSITORY, POLICY, policy())
    gate.github.put_file(REPOSITORY, POLICY.replace(".yml", ".yaml"), policy("max_age: 1h"))
    gate.validate(REPOSITORY, "success")
    gate.settle()
    return deploying(gate)


def not_named(gate: Gate) -> Callable[[], int]:
    """The policy leaves out the environment, and the built-in one would approve."""
    gate.github.put_file(REPOSITORY, POLICY, policy().replace(ENVIRONMENT, "staging"))
    gate.validate(REPOSITORY, "success")
    gate.settle()
    return deploying(gate)


def without_a_job(gate: Gate) -> Callable[[], int]:
    """Each validation is green, but a job that the policy requires was skipped."""
    gate.github.put_file(REPOSITORY, POLICY, policy("required_jobs: [flows, report]"))
    jobs = {"flows": "success", "report": "skipped"}

    def act() -> int:
        gate.validate(REPOSITORY, "success", jobs=jobs)
        return gate.github.deploy(REPOSITORY).run_id

    return act


def uncovered(gate: Gate) -> Callable[[], int]:
    """The infrastructure has changed since the validation, and the gate has not heard of it."""
    gate.github.put_file(REPOSITORY, POLICY, policy("covers: infrastructure"))
    gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    gate.settle()
    return unheard(
        gate, lambda: gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    )


def overridden_by_nobody(gate: Gate) -> Callable[[], int]:
    """Somebody overrides whom the policy does not list, on an issue."""
    more = "    override: {reviewers: ['team:octo-org/owners', 'permission:admin']}\n"
    gate.github.put_file(REPOSITORY, POLICY, policy(more=more))
    gate.github.set_role(REPOSITORY, "mallory", "write")
    gate.github.set_team_member("octo-org", "owners", "ana", "member")
    gate.validate(REPOSITORY, "failure")
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.advance(60)

    def act() -> int:
        run_id = gate.github.deploy(REPOSITORY).run_id
        gate.ingest_deliveries()
        gate.github.advance(2)
        gate.github.comment_on_issue(REPOSITORY, number, "mallory", f"/override {run_id} {WHY}")
        return run_id

    return act


SCENARIOS: Final[dict[Scenario, str]] = {
    red: "validation_failed",
    running: "validation_running",
    rejected: "validation_failed",
    stale: "validation_stale",
    stale_for_the_floor: "validation_stale",
    below_the_floor: "policy_invalid",
    invalid: "policy_invalid",
    misnamed: "policy_invalid",
    not_named: "environment_not_in_policy",
    without_a_job: "validation_inconclusive",
    uncovered: "validation_uncovered",
    overridden_by_nobody: "validation_failed",
}
"""What each scenario comes to when nothing is lost."""
READS_EVERYTHING: Final = {red, below_the_floor, uncovered, overridden_by_nobody}
"""Scenarios that between them make every kind of read; failures are tried in these."""


@dataclass(frozen=True, slots=True)
class Played:
    """How many calls a trial made of GitHub, and for which reasons it holds in the end."""

    calls: int
    reasons: tuple[str, ...]


class Trial:
    """One scenario, played again and again by a gate that trusts nothing of what it knows."""

    def __init__(self, gate: Gate, scenario: Scenario) -> None:
        self._gate = gate
        self._act = scenario(gate)
        gate.settle()
        # Everything is known once: what is lost now was there.
        self.play(None)

    def play(self, fault: Fault | None) -> Played:
        """Bring a deployment to the gate while a fault is in force.

        It is looked at twice: while the fault lasts, and when it is over.
        """
        gate = self._gate
        self._forget()
        if fault is not None:
            gate.github.add_fault(fault)
        before = len(gate.github.requests())
        run_id = self._act()
        gate.ingest_deliveries()
        calls = len(gate.github.requests()) - before
        gate.github.clear_faults()
        gate.github.advance(40)
        self._look(run_id)
        said = [it.state for it in gate.answers(run_id)]
        assert "approved" not in said, f"{fault} opened the gate"
        played = Played(calls, gate.record(run_id).reasons)
        if gate.github.run_view(run_id).status != "completed":
            gate.github.cancel_run(run_id)
        gate.ingest_deliveries()
        return played

    def _forget(self) -> None:
        """Have new tokens minted and everything read again, as a restart would, but quicker."""
        service = self._gate.service
        signer = service.deps.signer
        assert isinstance(signer, AppCredentials)
        service.github.close()
        clock = service.deps.clock
        github = GitHubClients.connect(service.settings.github_api_url, signer, clock)
        deps = replace(service.deps, github=github_port(github), continuity=Continuity(clock()))
        worker = self._gate.worker_with(deps)
        self._gate.service = replace(service, github=github, deps=deps, worker=worker)

    def _look(self, run_id: int) -> None:
        deps = self._gate.service.deps
        now = deps.clock()
        due = deps.database.read(lambda snapshot: due_ids(snapshot, now, 100))
        for request_id in due:
            reconcile(request_id, deps)


@pytest.mark.parametrize(
    ("scenario", "reason"), SCENARIOS.items(), ids=[it.__name__ for it in SCENARIOS]
)
def test_losing_any_read_never_approves(tmp_path: Path, scenario: Scenario, reason: str) -> None:
    """Whichever answer of GitHub is lost or wrong, a hold stays a hold and a rejection final."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db") as gate:
        trial = Trial(gate, scenario)
        played = trial.play(None)
        assert reason in played.reasons
        for fault in (*NOTHING_THERE, *(FAILURES if scenario in READS_EVERYTHING else ())):
            for after in range(played.calls):
                trial.play(replace(fault, after=after))
