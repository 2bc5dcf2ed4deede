"""Build reports and alerts of the default validation, and their flows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gate.domain.model.ids import (
    RunId,
)
from gate.domain.model.reports import AlertReport, Flow, FlowStatus, ValidationReport
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, SHA, VALIDATION


def make_flow(
    name: str = "open-the-app.yml", status: FlowStatus = FlowStatus.PASSED, **changes: Any
) -> Flow:
    """Make a flow that passed in its first attempt."""
    values: dict[str, Any] = {
        "exit_code": 0 if status in {FlowStatus.PASSED, FlowStatus.FLAKY} else 1,
        "error": None,
        "duration": timedelta(seconds=4.2),
        "attempts": 1,
    }
    return Flow(name, status, **values | changes)


def make_validation_report(*flows: Flow, **changes: Any) -> ValidationReport:
    """Make the report of the default validation; without flows, of one that passed."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": RunId(501),
        "run_attempt": 1,
        "job_url": "https://github.com/acme/shop/actions/runs/501",
        "terraform_deployment_id": "deploy-12345",
        "artifact_urls": (),
        "flows": flows or (make_flow(),),
        "reported_at": NOW,
    }
    return ValidationReport(**values | changes)


def make_alert_report(*flows: Flow, **changes: Any) -> AlertReport:
    """Make the alert of the default validation; without flows it came without a report."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": RunId(501),
        "run_attempt": 1,
        "workflow": VALIDATION,
        "ref": f"refs/heads/{BRANCH}",
        "head_sha": SHA,
        "event": "production-validation-failed",
        "job_url": "https://github.com/acme/shop/actions/runs/501",
        "terraform_deployment_id": "deploy-12345",
        "artifact_urls": (),
        "flows": flows,
        "received_at": NOW,
    }
    return AlertReport(**values | changes)
