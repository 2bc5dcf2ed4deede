"""Write reports and alerts as the actions do, and post them with tokens of the issuer."""

from __future__ import annotations

import json
from typing import Any, Final

import requests

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import ValidationReport
from gate.githubapp.oidc.jwks import COOLDOWN
from gate.store.reports.reports import read_reports
from tests.support.harness import REPOSITORY, Gate

VALIDATION: Final = "production-validation.yml"
SECONDS: Final = 30
OTHER_KEY_LATER: Final = COOLDOWN.total_seconds() + 1


def flow(name: str = "open-the-app.yml", status: str = "passed", **more: object) -> dict[str, Any]:
    """Write a flow as the action does."""
    code = 0 if status in {"passed", "warned", "flaky"} else 1
    return {"flowName": name, "status": status, "exitCode": code, **more}


def report(*flows: dict[str, Any], **changes: object) -> dict[str, object]:
    """Write a report as the action does; without flows, a green one."""
    return {
        "schemaVersion": 1,
        "jobUrl": "https://github.com/octo-org/frontend/actions/runs/1",
        "terraformDeploymentId": "deploy-12345",
        "artifactUrls": [],
        "flows": list(flows) or [flow()],
        **changes,
    }


def alert(*flows: dict[str, Any], **changes: object) -> dict[str, object]:
    """Write an alert as the action does."""
    told = report(*flows) if flows else {}
    return {
        **told,
        "event": "production-validation-failed",
        "jobUrl": "https://github.com/octo-org/frontend/actions/runs/1",
        "terraformDeploymentId": "deploy-12345",
        **changes,
    }


RED: Final = report(flow(), flow("add-and-see.yml", "failed", error="Assertion failed"))


def start(gate: Gate, **given: Any) -> int:
    """Start a validation in a second of its own."""
    gate.github.advance(1)
    run_id = gate.github.start_run(REPOSITORY, VALIDATION, event="workflow_dispatch", **given)
    gate.github.progress_run(run_id)
    return run_id


def token(gate: Gate, run_id: int, **claims: Any) -> str:
    """Get a token for the gate, as a job of the run would; a claim may be changed."""
    return gate.github.mint_token(run_id, gate.settings.report_audience, claims)


def post(gate: Gate, given: str, body: object, route: str = "validations") -> requests.Response:
    """Post to the gate with a token."""
    return requests.post(
        f"{gate.url}/api/v1/{route}",
        data=json.dumps(body),
        headers={"Authorization": f"Bearer {given}", "Content-Type": "application/json"},
        timeout=SECONDS,
    )


def stored(gate: Gate, run_id: int) -> tuple[ValidationReport, ...]:
    """Read what the gate keeps of a run."""
    repository_id = RepositoryId(gate.github.run_view(run_id).repository_id)
    return gate.service.database.read(lambda it: read_reports(it, repository_id, [RunId(run_id)]))


def refused(response: requests.Response, status: int, reason: str) -> dict[str, Any]:
    """Find that a request was refused by a problem document."""
    assert (response.status_code, response.headers["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    document: dict[str, Any] = response.json()
    assert (document["status"], document["reason"]) == (status, reason)
    return document
