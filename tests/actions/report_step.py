"""Run the action `report-validation` over a report, as the runner does."""

from __future__ import annotations

from pathlib import Path

from tests.actions.samples import GREEN
from tests.actions.stage import BEARER, Outcome, Stage, run_step

FLOW = "add-and-see.yml"


def report(folder: Path, stage: Stage, data: bytes | None = GREEN, **inputs: str) -> Outcome:
    """Run the action over a report; None writes none."""
    if data is not None:
        (folder / "report.xml").write_bytes(data)
    given = {"gate-url": stage.url, "junit-report": "report.xml"}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    outcome = run_step("report-validation", folder, given, stage)
    assert outcome.stderr == ""
    check_secrets(outcome, stage)
    return outcome


def check_secrets(outcome: Outcome, stage: Stage) -> None:
    """No token is written anywhere but in the command that masks it."""
    lines = [it for it in outcome.stdout.splitlines() if not it.startswith("::add-mask::")]
    written = "\n".join([*lines, outcome.stderr, outcome.summary, *outcome.outputs.values()])
    assert not any(secret in written for secret in [*stage.tokens, BEARER])
