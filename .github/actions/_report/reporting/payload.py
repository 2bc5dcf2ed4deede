"""Build the JSON that the gate accepts, and the content of an alert.

The shapes are the gate's interface; see docs/reference/actions.md. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TypedDict

from reporting.flows import Flow, unpassed, worst_first
from reporting.problem import NotSent
from reporting.wording import cut

SCHEMA_VERSION = 1
BODY_LIMIT = 1024 * 1024
"""Bytes that the gate accepts."""

_NOTE_LIMITS = (2_000, 500, 100, 20)
_NEXT_STEPS = (
    "Review production validation logs",
    "Check if infrastructure rollback is needed",
    "Investigate failed assertions",
)


@dataclass(frozen=True)
class Job:
    """The job that reports, and what it validated; None for an unknown deployment."""

    url: str
    terraform_deployment_id: str | None
    artifact_urls: tuple[str, ...]


class FailedFlow(TypedDict):
    """A flow in an alert."""

    flowName: str
    exitCode: int
    error: str | None


class AlertContent(TypedDict):
    """An alert, with exactly the keys of its contract."""

    event: str
    timestamp: str
    terraformDeploymentId: str | None
    githubJobUrl: str
    failedFlows: list[FailedFlow]
    artifactUrls: list[str]
    nextSteps: list[str]


def validation_body(job: Job, flows: tuple[Flow, ...]) -> bytes:
    """Build the body of `POST /api/v1/validations`."""
    head: dict[str, object] = {
        "schemaVersion": SCHEMA_VERSION,
        "jobUrl": job.url,
        "terraformDeploymentId": job.terraform_deployment_id,
        "artifactUrls": list(job.artifact_urls),
    }
    return _fit(head, flows)


def alert_body(event: str, job: Job, flows: tuple[Flow, ...]) -> bytes:
    """Build the body of `POST /api/v1/alerts`, with a report if there is one."""
    head: dict[str, object] = {
        "event": event,
        "jobUrl": job.url,
        "terraformDeploymentId": job.terraform_deployment_id,
    }
    if job.artifact_urls or flows:
        head |= {"schemaVersion": SCHEMA_VERSION, "artifactUrls": list(job.artifact_urls)}
    return _fit(head, flows)


def alert_content(event: str, job: Job, flows: tuple[Flow, ...], now: datetime) -> AlertContent:
    """Return the alert's content. `event` is its slug; flows that did not pass are named."""
    return {
        "event": " ".join(event.replace("-", " ").split()).title(),
        "timestamp": f"{now.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "terraformDeploymentId": job.terraform_deployment_id,
        "githubJobUrl": job.url,
        "failedFlows": [
            {"flowName": flow.name, "exitCode": _exit_code(flow), "error": flow.note}
            for flow in unpassed(flows)
        ],
        "artifactUrls": list(job.artifact_urls),
        "nextSteps": list(_NEXT_STEPS),
    }


def _fit(head: dict[str, object], flows: tuple[Flow, ...]) -> bytes:
    """Shorten notes until the body is small enough; no flow is left out."""
    for limit in _NOTE_LIMITS:
        told = [_flow_json(flow, limit) for flow in worst_first(flows)]
        document = head | {"flows": told} if told else head
        body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        if len(body) <= BODY_LIMIT:
            return body
    raise NotSent(f"{len(flows):,} flows do not fit into {BODY_LIMIT // 1024} KiB")


def _flow_json(flow: Flow, limit: int) -> dict[str, object]:
    return {
        "flowName": flow.name,
        "status": flow.status.value,
        "exitCode": _exit_code(flow),
        "error": None if flow.note is None else cut(flow.note, limit),
        "durationSeconds": flow.seconds,
        "attempts": flow.attempts,
    }


def _exit_code(flow: Flow) -> int:
    """Return Maestro's exit code for a run with such a flow; its reports contain none."""
    return 0 if flow.passes else 1
