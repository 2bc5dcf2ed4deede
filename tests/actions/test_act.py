"""The actions in a workflow that act runs: what reaches the gate."""

from __future__ import annotations

from pathlib import Path

from tests.actions.act import needs_act, run_act
from tests.actions.samples import GREEN, RED
from tests.actions.stage import BEARER, Stage

pytestmark = needs_act


def run(folder: Path, stage: Stage, data: bytes) -> str:
    """Run the workflow against a stage."""
    token_url = f"{stage.url}/token?api-version=2"
    return run_act(folder, data, gate_url=stage.url, token_url=token_url, bearer=BEARER)


def test_green(tmp_path: Path, stage: Stage) -> None:
    """A green report passes the step, and no alert is sent."""
    shown = run(tmp_path, stage, GREEN)
    assert "outcome=success passed=true flows=[]" in shown
    assert [it.path for it in stage.posts] == ["/api/v1/validations"]


def test_red(tmp_path: Path, stage: Stage) -> None:
    """A red report fails the step, and the alert follows."""
    shown = run(tmp_path, stage, RED)
    assert 'outcome=failure passed=false flows=["add-and-see.yml"]' in shown
    assert [it.path for it in stage.posts] == ["/api/v1/validations", "/api/v1/alerts"]
    assert all(it.json["terraformDeploymentId"] == "deploy-12345" for it in stage.posts)
