"""Build the alert that tests a channel; its reader must see that nothing has happened."""

from __future__ import annotations

from datetime import datetime

from gate.domain.model.alert import Alert, AlertKind, Channel, Mention, Severity


def make_sample_alert(channel: Channel, now: datetime, public_url: str) -> Alert:
    """Build a test alert for one channel; each instant makes a different alert."""
    name = f"test/{channel.value}/{now.isoformat()}"
    return Alert(
        key=name,
        kind=AlertKind.TEST,
        severity=Severity.INFO,
        mention=Mention.NONE,
        incident=name,
        headline="Test alert from Deployment Gate: nothing failed",
        summary="Nothing failed, and no deployment is held.",
        event="Deployment Gate Test Alert",
        timestamp=now,
        terraform_deployment_id=None,
        github_job_url=public_url,
        failed_flows=(),
        artifact_urls=(),
        next_steps=("No action needed: this is a test",),
        repository="",
        environment="",
        run_id=None,
        run_attempt=None,
        head_sha=None,
        incident_url=public_url,
        runbook_url=None,
        held_deployments=(),
    )
