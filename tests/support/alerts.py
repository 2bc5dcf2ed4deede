"""Alerts that are valid by default; one keyword changes one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from gate.domain.model.alert import (
    Alert,
    AlertKind,
    FailedFlow,
    HeldDeployment,
    Mention,
    Severity,
)
from gate.domain.model.ids import RunId
from tests.support.builders.defaults import ENVIRONMENT, NOW, SHA

JOB: Final = "https://github.com/mona/shop/actions/runs/12345"
HOSTILE: Final = (
    "<!channel> <!here> @everyone <https://evil.example|click> & *b* _i_ `c` ```\r\nBcc: eve@evil."
    "example\u202eevil\u2066\x00\x1b[31m <script>alert(1)</script> \U0001f4a5 \ud800"
)


def make_flow(name: str = "add-exercise.yml", exit_code: int = 1, error: str = "") -> FailedFlow:
    """Make a flow that failed an assertion."""
    return FailedFlow(name, exit_code, error or "Assertion failed: 'exercise-list' is not visible")


def make_held(run: int = 43) -> HeldDeployment:
    """Make a deployment that waits."""
    url = f"https://github.com/mona/shop/actions/runs/{run}"
    return HeldDeployment(RunId(run), 1, ENVIRONMENT, url)


def make_alert(**changes: Any) -> Alert:
    """Make the page of a failed validation that holds one deployment."""
    alert = Alert(
        key="incident/17/page/1",
        kind=AlertKind.PAGE,
        severity=Severity.CRITICAL,
        mention=Mention.CHANNEL,
        incident="incident/17",
        headline="mona/shop: production validation failed (add-exercise.yml); 1 deployment held",
        summary="On call: acknowledge by 2026-03-02 12:15 UTC, decide by 2026-03-02 13:00 UTC.",
        event="Production Validation Failed",
        timestamp=NOW,
        terraform_deployment_id="deploy-12345",
        github_job_url=JOB,
        failed_flows=(make_flow(),),
        artifact_urls=(f"{JOB}/artifacts/screenshots",),
        next_steps=("Review production validation logs", "Investigate failed assertions"),
        repository="mona/shop",
        environment=ENVIRONMENT,
        run_id=RunId(12345),
        run_attempt=2,
        head_sha=SHA,
        incident_url="https://github.com/mona/shop/issues/17",
        runbook_url="https://gate.example.com/runbook",
        held_deployments=(make_held(),),
    )
    return replace(alert, **changes)


def make_hostile(flows: int, text: str = HOSTILE, *, times: int = 200) -> Alert:
    """Make an alert whose every foreign text is hostile and very long."""
    long = text * times
    return make_alert(
        headline=long,
        summary=long,
        event=long,
        failed_flows=tuple(make_flow(f"{index} {long}", index, long) for index in range(flows)),
        artifact_urls=tuple(f"https://evil.example/{index}?{long}" for index in range(50))
        + tuple(f"https://evil.example/{index}/{'a&' * 150}" for index in range(50)),
        next_steps=(long,) * 50,
        repository=long,
        environment=long,
        terraform_deployment_id=long,
        head_sha=long,
        github_job_url=f"https://github.com/{'&' * 390}",
        incident_url=f"https://github.com/{'&' * 390}",
        runbook_url=f"https://github.com/{'&' * 390}",
        held_deployments=tuple(
            replace(make_held(run), environment=long, url=f"https://github.com/{'&' * 390}")
            for run in range(50)
        ),
    )
