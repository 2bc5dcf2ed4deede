"""A pull request that changes the policy gets a check run, and only such a one.

What it says is told by the check runs that stand at GitHub, whatever happened on the way.
"""

from __future__ import annotations

from typing import Final

import pytest
from sqlalchemy import text

from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.state.records import CheckRunRecord
from tests.support.harness import REPOSITORY, Gate

POLICY: Final = ".github/deployment-gate.yml"
VALID: Final = "version: 1\nenvironments:\n  production-frontend: {}\n"
WRONG: Final = (
    "version: 1\nenvironments:\n  production-frontend:\n    validation:\n      max_agee: 2h\n"
)
CHECK_RUNS: Final = "/check-runs$"


def propose(gate: Gate, text: str | None = VALID, path: str = POLICY, **more: str) -> int:
    """Open a pull request with a policy, and let the gate look at it."""
    number = gate.github.open_pull_request(REPOSITORY, {path: text}, **more)
    gate.settle()
    return number


def checks(gate: Gate) -> list[CheckRunRecord]:
    """List what the gate has said."""
    return gate.github.check_runs(REPOSITORY)


def conclusions(gate: Gate) -> list[str | None]:
    """List how its checks ended."""
    return [it.conclusion for it in checks(gate)]


def test_a_valid_policy(gate: Gate) -> None:
    """The check says which environments it would gate, at the commit that proposes it."""
    number = propose(gate)
    (check,) = checks(gate)
    assert (check.name, check.status, check.conclusion) == (
        "Deployment Gate policy",
        "completed",
        "success",
    )
    assert "`production-frontend`" in check.summary
    pull = gate.github.world.repository(REPOSITORY).pull_requests[number]
    assert check.head_sha == pull.head_sha


def test_problems_stand_at_their_lines(gate: Gate) -> None:
    """Each problem is an annotation; the next push is checked anew."""
    number = propose(gate, WRONG)
    (check,) = checks(gate)
    assert check.conclusion == "failure"
    ((path, line, level, message),) = check.annotations
    assert (path, line, level) == (POLICY, 5, "failure")
    assert "max_age" in message
    gate.github.push_to_pull_request(REPOSITORY, number, {POLICY: VALID})
    gate.settle()
    assert conclusions(gate) == ["failure", "success"]


def test_a_fork_is_told_too(gate: Gate) -> None:
    """Its commit is read through the repository it wants to change."""
    propose(gate, WRONG, fork="eve/frontend")
    assert conclusions(gate) == ["failure"]


def test_nothing_that_is_proposed_is_in_force(gate: Gate) -> None:
    """A fork's policy that approves everything releases nothing, and is on no record."""
    gate.github.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    lax = f"{VALID}mode: observe\n"
    propose(gate, lax, fork="eve/frontend")
    gate.sweep()
    gate.settle()
    assert gate.answers(run_id) == []


@pytest.mark.parametrize("files", [{"README.md": "more"}, {".github/other.yml": "x: 1"}])
def test_other_changes_get_no_check(gate: Gate, files: dict[str, str | None]) -> None:
    """Whatever else a pull request changes is none of the gate's business."""
    gate.github.open_pull_request(REPOSITORY, files)
    gate.settle()
    assert checks(gate) == []


def test_what_others_changed_meanwhile_is_not_its_doing(gate: Gate) -> None:
    """A branch that parted before the policy changed proposes nothing."""
    number = gate.github.open_pull_request(REPOSITORY, {"README.md": "more"})
    gate.github.put_file(REPOSITORY, POLICY, VALID)
    gate.github.push_to_pull_request(REPOSITORY, number, {"README.md": "most"})
    gate.settle()
    assert checks(gate) == []


def test_a_pull_request_into_another_branch(gate: Gate) -> None:
    """The policy of the default branch is in force; once retargeted there, it is checked."""
    gate.github.put_file(REPOSITORY, "README.md", "older", branch="older")
    number = propose(gate, base="older")
    assert checks(gate) == []
    gate.github.retarget_pull_request(REPOSITORY, number, "main")
    gate.settle()
    assert conclusions(gate) == ["success"]


def test_the_wrong_path(gate: Gate) -> None:
    """A file that nobody reads is said to be one, on its first line."""
    propose(gate, VALID, ".github/deployment-gate.yaml")
    (check,) = checks(gate)
    assert check.conclusion == "failure"
    assert [it[:3] for it in check.annotations] == [(".github/deployment-gate.yaml", 1, "failure")]


def test_a_removed_policy(gate: Gate) -> None:
    """Removing it is allowed, and said."""
    gate.github.put_file(REPOSITORY, POLICY, VALID)
    propose(gate, None)
    (check,) = checks(gate)
    assert (check.conclusion, check.title) == ("neutral", "The policy is removed")


def test_a_huge_file(gate: Gate) -> None:
    """What is too large to be read is a problem like others."""
    propose(gate, "#" * 300_000)
    (check,) = checks(gate)
    assert check.conclusion == "failure"
    assert "256 KiB" in check.annotations[0][3]


def test_doubled_and_late_webhooks_say_nothing_twice(gate: Gate) -> None:
    """What the pull request is now counts, not what some delivery has told."""
    gate.github.add_webhook_fault(WebhookFault("duplicate", event="pull_request"))
    number = propose(gate)
    gate.github.push_to_pull_request(REPOSITORY, number, {POLICY: WRONG})
    gate.settle()
    assert conclusions(gate) == ["success", "failure"]


def test_asked_again(gate: Gate) -> None:
    """The button beside the check, and the one for all checks of the commit, bring another."""
    propose(gate, fork="eve/frontend")
    (first,) = checks(gate)
    gate.github.rerequest_check_run(REPOSITORY, first.id, "developer")
    gate.settle()
    assert conclusions(gate) == ["success"] * 2
    gate.github.rerequest_check_suite(REPOSITORY, first.id, "developer")
    gate.settle()
    assert conclusions(gate) == ["success"] * 3
    assert len({it.external_id for it in checks(gate)}) == 3


def test_a_lost_answer_brings_no_second_check(gate: Gate) -> None:
    """What may have arrived is looked for before it is written again."""
    gate.github.add_fault(Fault(CHECK_RUNS, "POST", times=1, status=502, apply=True))
    propose(gate)
    gate.advance(minutes=10)
    gate.settle()
    assert conclusions(gate) == ["success"]


def test_github_that_fails_for_a_while(gate: Gate) -> None:
    """It is tried again."""
    gate.github.add_fault(Fault(CHECK_RUNS, "POST", times=2, status=503))
    propose(gate)
    assert checks(gate) == []
    gate.advance(hours=1)
    gate.settle()
    gate.advance(hours=1)
    gate.settle()
    assert conclusions(gate) == ["success"]


def test_an_installation_that_grants_no_checks(gate: Gate) -> None:
    """Nothing is said until the next news; deployments are judged as before."""
    (installation,) = gate.github.world.installations.values()
    permissions = {name: it for name, it in installation.permissions.items() if name != "checks"}
    gate.github.grant(installation.id, permissions)
    propose(gate)
    assert outcome(gate) == (False, "permission_missing")
    assert checks(gate) == []
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


def test_what_never_works_is_given_up(gate: Gate) -> None:
    """A pull request is tried for some hours; the next push brings another look."""
    gate.github.add_fault(Fault("/pulls/", status=503))
    propose(gate)
    assert outcome(gate) == (True, "github_unavailable")
    for _ in range(16):
        gate.advance(hours=1)
        gate.settle()
    assert outcome(gate) == (False, "given_up")


def outcome(gate: Gate) -> tuple[bool, str]:
    """Return whether the one pull request is still due, and what came of the last look."""
    query = text("SELECT due_at IS NOT NULL, outcome FROM policy_checks")
    is_due, found = gate.service.database.read(lambda it: it.execute(query).one())
    return bool(is_due), found
