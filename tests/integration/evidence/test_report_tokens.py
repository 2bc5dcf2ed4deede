"""Which tokens the gate accepts for a report, and how it gets the keys of the issuer."""

from __future__ import annotations

from datetime import datetime, timedelta

import requests

from gate.doctor import Finding, Level, examine
from gate.simulator.faults import Fault
from tests.integration.evidence.report_requests import (
    OTHER_KEY_LATER,
    RED,
    SECONDS,
    VALIDATION,
    post,
    refused,
    start,
    stored,
    token,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def test_a_token_is_taken_once(gate: Gate) -> None:
    """Who overhears a token can do nothing with it, not even say the same again."""
    run_id = start(gate)
    given = token(gate, run_id)
    assert post(gate, given, RED).status_code == 202
    answer = post(gate, given, RED)
    refused(answer, 401, "token_replayed")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_repository_that_is_not_ours(gate: Gate) -> None:
    """A token of any other repository on GitHub is as good as ours, and of no use here."""
    gate.github.create_repository("stranger/frontend")
    run_id = gate.github.start_run("stranger/frontend", VALIDATION)
    refused(post(gate, token(gate, run_id), RED), 403, "repository_not_installed")
    own = start(gate)
    gate.settle()
    other_owner = token(gate, own, repository_owner_id="1")
    refused(post(gate, other_owner, RED), 403, "repository_not_installed")
    installation = next(iter(gate.github.world.installations))
    gate.github.suspend_installation(installation)
    gate.settle()
    refused(post(gate, token(gate, own), RED), 403, "repository_not_installed")
    gate.github.unsuspend_installation(installation)
    gate.github.remove_repository(installation, REPOSITORY)
    gate.settle()
    refused(post(gate, token(gate, own), RED), 403, "repository_not_installed")
    assert stored(gate, own) == ()


def test_a_workflow_that_the_policy_does_not_name(gate: Gate) -> None:
    """Once the policy is known, only its validation workflows report; until then all may."""
    run_id = gate.github.start_run(REPOSITORY, "nightly.yml")
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    other = gate.github.start_run(REPOSITORY, "nightly.yml")
    refused(post(gate, token(gate, other), RED), 403, "workflow_not_in_policy")
    assert post(gate, token(gate, start(gate)), RED).status_code == 202


def test_a_run_of_a_pull_request(gate: Gate) -> None:
    """What it runs, others may have written."""
    run_id = start(gate)
    by_event = gate.github.start_run(REPOSITORY, VALIDATION, event="pull_request")
    refused(post(gate, token(gate, by_event), RED), 403, "fork_context")
    by_branch = token(gate, run_id, head_ref="topic", base_ref="main")
    refused(post(gate, by_branch, RED), 403, "fork_context")


def test_a_new_key_is_found(gate: Gate) -> None:
    """One that is not known yet is looked for at once, and then not again for a while."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.rotate_oidc_key()
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.rotate_oidc_key()
    refused(post(gate, token(gate, run_id), RED), 401, "unknown_key")
    gate.advance(seconds=OTHER_KEY_LATER)
    assert post(gate, token(gate, run_id), RED).status_code == 202


def test_keys_that_cannot_be_had(gate: Gate) -> None:
    """Without any key nobody can tell: try again. Those that are known are used meanwhile."""
    run_id = start(gate)
    down = gate.github.add_fault(Fault("/_services/token/.well-known", status=503))
    answer = post(gate, token(gate, run_id), RED)
    refused(answer, 503, "keys_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    gate.github.clear_faults(down)
    gate.advance(seconds=OTHER_KEY_LATER)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.add_fault(Fault("/_services/token/.well-known", damage="close"))
    gate.advance(hours=2)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.advance(hours=24)
    refused(post(gate, token(gate, run_id), RED), 503, "keys_unavailable")


def test_no_token_and_a_foreign_one(gate: Gate) -> None:
    """Neither is let in, and what is wrong is said."""
    run_id = start(gate)
    answer = requests.post(f"{gate.url}/api/v1/validations", json=RED, timeout=SECONDS)
    refused(answer, 401, "missing_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="deployment-gate"'
    foreign = gate.github.mint_token(run_id, "https://another.example")
    refused(post(gate, foreign, RED), 401, "wrong_audience")


def test_the_doctor_looks_for_the_keys(gate: Gate) -> None:
    """It says whose tokens count, and for whom they must be."""

    def look() -> Finding:
        (found,) = [it for it in examine(gate.settings) if it.what == "report tokens"]
        return found

    post(gate, token(gate, start(gate)), RED)
    found = look()
    assert found.level is Level.OK
    assert found.found.startswith("1 key of ")
    assert f"for {gate.url}" in found.found
    assert gate.github.issuer.url in found.found
    gate.github.add_fault(Fault("/_services/token/.well-known", status=500))
    found = look()
    assert found.level is Level.WARN
    assert "answers 500" in found.found


def test_the_doctor_compares_clocks_with_the_issuer(gate: Gate) -> None:
    """Tokens that last five minutes need clocks that agree."""
    told = gate.github.world.clock

    def late() -> datetime:
        return told() - timedelta(seconds=40)

    clocks = [it for it in examine(gate.settings, late) if it.what == "clock"]
    assert [it.level for it in clocks] == [Level.FAIL] * 2
    assert clocks[1].found in {"40 s behind the issuer's", "39 s behind the issuer's"}
    assert {it.level for it in examine(gate.settings, told) if it.what == "clock"} == {Level.OK}
