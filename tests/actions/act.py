"""Run the actions in a workflow by act, on this machine, where it is installed.

act runs the steps as a runner does: inputs, outputs, the job summary and the folder of an action
are its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.stage import ACTIONS

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
          timeout-seconds: SECONDS
      - run: echo "outcome=$OUTCOME passed=$PASSED flows=$FLOWS url=$RECORD"
        env:
          OUTCOME: ${{ steps.report.outcome }}
          PASSED: ${{ steps.report.outputs.passed }}
          FLOWS: ${{ steps.report.outputs.failed-flows }}
          RECORD: ${{ steps.report.outputs.report-url }}
      - name: Send Failure Alert
        if: steps.report.outcome == 'failure'
        uses: ./.github/actions/send-alert
        with:
          event: production-validation-failed
          job-url: https://github.example/acme/shop/actions/runs/12345
          terraform-deployment-id: deploy-12345
          gate-url: GATE
          junit-report: report.xml
          timeout-seconds: SECONDS
"""


needs_act = pytest.mark.skipif(
    ACT is None or shutil.which("git") is None, reason="act and git are needed"
)


def run_act(
    folder: Path, data: bytes, *, gate_url: str, token_url: str, bearer: str, seconds: int = 20
) -> str:
    """Run the workflow in a repository of its own; give what act wrote.

    `token_url` and `bearer` are what a runner asks for a token of the run; `seconds` is how long
    each action tries to reach the gate.
    """
    assert ACT is not None
    repository = folder / "repository"
    workflow = repository / ".github" / "workflows" / "validate.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        WORKFLOW.replace("GATE", gate_url).replace("SECONDS", str(seconds)), encoding="utf-8"
    )
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
        "ACTIONS_ID_TOKEN_REQUEST_URL": token_url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
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
