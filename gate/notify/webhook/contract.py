"""Render an alert as the JSON object that other programs rely on.

First the keys of the alert contract, in its order, then the keys that the gate adds. Texts are raw:
a receiver must escape them before it shows them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from gate.domain.model.alert import SCHEMA_VERSION, Alert


def render_contract(alert: Alert) -> dict[str, object]:
    """Return the object, with its keys in the order of the contract."""
    return {
        "event": alert.event,
        "timestamp": _instant(alert.timestamp),
        "terraformDeploymentId": alert.terraform_deployment_id,
        "githubJobUrl": alert.github_job_url,
        "failedFlows": [
            {"flowName": flow.flow_name, "exitCode": flow.exit_code, "error": flow.error}
            for flow in alert.failed_flows
        ],
        "artifactUrls": list(alert.artifact_urls),
        "nextSteps": list(alert.next_steps),
        "schemaVersion": SCHEMA_VERSION,
        "severity": alert.severity.value,
        "repository": alert.repository,
        "environment": alert.environment,
        "runId": alert.run_id,
        "runAttempt": alert.run_attempt,
        "headSha": alert.head_sha,
        "incidentUrl": alert.incident_url,
        "heldDeployments": [
            {
                "runId": held.run_id,
                "runAttempt": held.run_attempt,
                "environment": held.environment,
                "url": held.url,
            }
            for held in alert.held_deployments
        ],
    }


def encode_contract(alert: Alert) -> bytes:
    """Return the object's bytes in ASCII; the same alert has the same bytes."""
    return json.dumps(render_contract(alert), separators=(",", ":")).encode("ascii")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
