"""The actions in a workflow, run by act on this machine, where it is installed.

act runs the steps as a runner does: inputs, outputs, the job summary and the folder of an action
are its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.samples import GREEN, RED
from tests.actions.stage import ACTIONS, BEARER, Stage

ACT = shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act")
ACT_SECONDS = 90

WORKFLOW = """
on: push
permissions: {}
jobs:
  report:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - id: report
        continue-on-error: true
        uses: ./.github/actions/report-validation
        with:
          gate-url: GATE
          junit-report: report.xml
          terraform-deployment-id: deploy-12345
      - run: echo "outcome=$OUTCOME passed=$PASSED flows=$FLOWS"
        env:
          OUTCOME: ${{ steps.report.outcome }}
          PASSED: ${{ steps.report.outputs.passed }}
          FLOWS: ${{ steps.report.outputs.failed-flows }}
      - name: Send Failure Alert
        if: steps.report.outcome == 'failure'
        uses: ./.github/actions/send-alert
        with:
          event: production-validation-failed
          job-url: https://github.example/acme/shop/actions/runs/12345
          terraform-deployment-id: deploy-12345
          gate-url: GATE
          junit-report: report.xml
"""


def run_act(folder: Path, stage: Stage, data: bytes) -> str:
    """Run the workflow in a repository of its own; give what act wrote."""
    assert ACT is not None
    repository = folder / "repository"
    workflow = repository / ".github" / "workflows" / "validate.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW.replace("GATE", stage.url), encoding="utf-8")
    shutil.copytree(ACTIONS, repository / ".github" / "actions")
    (repository / "report.xml").write_bytes(data)
    git = [
        "git",
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.com",
        "-C",
        str(repository),
    ]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "Add"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    issuer = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{stage.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
    }
    command = [ACT, "push", "--platform", "ubuntu-latest=-self-hosted"]
    command += ["--container-daemon-socket", "-", "--action-offline-mode"]
    for name, value in issuer.items():
        command += ["--env", f"{name}={value}"]
    done = subprocess.run(
        command,
        cwd=repository,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)},
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=ACT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


pytestmark = pytest.mark.skipif(
    ACT is None or shutil.which("git") is None, reason="act and git are needed"
)


def test_green(tmp_path: Path, stage: Stage) -> None:
    """A green report passes the step, and no alert is sent."""
    shown = run_act(tmp_path, stage, GREEN)
    assert "outcome=success passed=true flows=[]" in shown
    assert [it.path for it in stage.posts] == ["/api/v1/validations"]


def test_red(tmp_path: Path, stage: Stage) -> None:
    """A red report fails the step, and the alert follows."""
    shown = run_act(tmp_path, stage, RED)
    assert 'outcome=failure passed=false flows=["add-and-see.yml"]' in shown
    assert [it.path for it in stage.posts] == ["/api/v1/validations", "/api/v1/alerts"]
    assert all(it.json["terraformDeploymentId"] == "deploy-12345" for it in stage.posts)
