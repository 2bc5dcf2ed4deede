"""Make the alert that tries a channel out; whoever gets it must see that nothing has happened."""

from __future__ import annotations

from datetime import datetime

from gate.domain.model.alert import Alert, AlertKind, Channel, Mention, Severity


def make_trial(channel: Channel, now: datetime, public_url: str) -> Alert:
    """Make a test alert for one channel; each call at another instant makes another alert."""
    name = f"test/{channel.value}/{now.isoformat()}"
    return Alert(
        key=name,
        kind=AlertKind.TEST,
        severity=Severity.INFO,
        mention=Mention.NONE,
        incident=name,
        summary="This is a test of the alert channel. Nothing failed, and nothing is held.",
        event="Deployment Gate tries out this channel",
        timestamp=now,
        terraform_deployment_id=None,
        github_job_url=public_url,
        failed_flows=(),
        artifact_urls=(),
        next_steps=("Nothing is to be done: this is a test.",),
        repository="",
        environment="",
        run_id=None,
        run_attempt=None,
        head_sha=None,
        incident_url=public_url,
        runbook_url=None,
        held_deployments=(),
    )
