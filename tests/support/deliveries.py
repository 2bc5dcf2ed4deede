"""Build payloads of GitHub's webhooks: valid by default, one keyword changes one thing."""

from __future__ import annotations

from typing import Any, Final

import msgspec

API_URL: Final = "https://api.github.com"
FULL_NAME: Final = "octo-org/frontend"
REPOSITORY_ID: Final = 910_000_001
RUN_ID: Final = 17_000_000_001
CALLBACK: Final = f"{API_URL}/repos/{FULL_NAME}/actions/runs/{RUN_ID}/deployment_protection_rule"
SHA: Final = "c0ffee0" + "1" * 33

Payload = dict[str, Any]


def encode(payload: Payload) -> bytes:
    """Return the body of a delivery."""
    return msgspec.json.encode(payload)


def make_repository(**changes: Any) -> Payload:
    """Make the repository of a payload, with fields nobody reads."""
    owner = {"id": 60_000_001, "login": "octo-org", "type": "Organization"}
    values: Payload = {
        "id": REPOSITORY_ID,
        "full_name": FULL_NAME,
        "owner": owner,
        "default_branch": "main",
        "private": True,
        "created_at": 1_700_000_000,
    }
    return values | changes


def make_delivery(**changes: Any) -> Payload:
    """Make what every delivery about a repository has."""
    values: Payload = {
        "repository": make_repository(),
        "installation": {"id": 95_000_001, "node_id": "MDIz"},
        "sender": {"id": 583_231, "login": "mona"},
    }
    return values | changes


def make_run(**changes: Any) -> Payload:
    """Make a completed run as webhooks and REST show it."""
    values: Payload = {
        "id": RUN_ID,
        "name": "anything: it is never looked at",
        "path": ".github/workflows/production-validation.yml",
        "head_sha": SHA,
        "head_branch": "main",
        "event": "schedule",
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 2,
        "run_started_at": "2026-11-23T15:00:00Z",
        "updated_at": "2026-11-23T15:10:00Z",
        "html_url": f"https://github.com/{FULL_NAME}/actions/runs/{RUN_ID}",
        "display_title": "Production validation",
        "actor": {"id": 583_231, "login": "mona"},
        "triggering_actor": {"id": 583_232, "login": "lisa"},
        "repository": make_repository(),
        "head_repository": make_repository(),
    }
    return values | changes


def make_rule(**changes: Any) -> Payload:
    """Make `deployment_protection_rule`, with the fields its published schema forbids."""
    values = make_delivery(
        action="requested",
        environment="Production-Frontend",
        event="push",
        sha=SHA,
        ref="main",
        deployment_callback_url=CALLBACK,
        deployment=make_deployment(),
        pull_requests=[],
    )
    return values | changes


def make_deployment(**changes: Any) -> Payload:
    """Make a deployment."""
    values: Payload = {
        "id": 2_900_000_001,
        "environment": "Production-Frontend",
        "sha": SHA,
        "ref": "main",
        "created_at": "2026-11-23T15:20:00Z",
        "payload": {},
    }
    return values | changes


def make_status(**changes: Any) -> Payload:
    """Make `deployment_status`."""
    values = make_delivery(
        action="created",
        deployment=make_deployment(),
        deployment_status={"state": "waiting", "created_at": "2026-11-23T15:20:01Z"},
        workflow_run=make_run(),
    )
    return values | changes


def make_review(**changes: Any) -> Payload:
    """Make `deployment_review.approved`, as a reviewer's dialog sends it."""
    values = make_delivery(
        action="approved",
        since="2026-11-23T15:30:00Z",
        approver={"id": 583_233, "login": "carol", "type": "User"},
        comment="I accept the risk",
        reviewers=[],
        workflow_run=make_run(status="waiting", conclusion=None),
        workflow_job_runs=[{"id": 1, "environment": "Production-Frontend"}],
    )
    return values | changes


def make_comment(**changes: Any) -> Payload:
    """Make `issue_comment.created`; keywords change the comment."""
    inner: Payload = {
        "id": 3_300_000_001,
        "user": {"id": 583_233, "login": "carol", "type": "User"},
        "body": "/override 17000000001 because",
        "html_url": f"https://github.com/{FULL_NAME}/issues/1#issuecomment-3300000001",
        "created_at": "2026-11-23T15:30:00Z",
        "updated_at": "2026-11-23T15:30:00Z",
        "performed_via_github_app": None,
    }
    action = changes.pop("action", "created")
    return make_delivery(action=action, issue={"number": 1}, comment=inner | changes)


def make_issue_change(**changes: Any) -> Payload:
    """Make `issues.assigned`: carol assigns dave."""
    values = make_delivery(
        action="assigned",
        issue={
            "number": 7,
            "html_url": f"https://github.com/{FULL_NAME}/issues/7",
            "updated_at": "2026-11-23T15:30:00Z",
        },
        sender={"id": 583_233, "login": "carol", "type": "User"},
        assignee={"id": 583_234, "login": "dave", "type": "User"},
    )
    return values | changes


def make_pull_request(**changes: Any) -> Payload:
    """Make `pull_request.opened`."""
    return make_delivery(action="opened", pull_request={"number": 8}) | changes


def make_check_run(**changes: Any) -> Payload:
    """Make `check_run.rerequested` of a check of ours."""
    values = make_delivery(action="rerequested", check_run={"head_sha": SHA, "external_id": "8/1"})
    return values | changes


def make_check_suite(**changes: Any) -> Payload:
    """Make `check_suite.rerequested`."""
    return make_delivery(action="rerequested", check_suite={"head_sha": SHA}) | changes


def make_installation(**changes: Any) -> Payload:
    """Make `installation` or `installation_repositories`; keywords may be of either."""
    account = {"id": 60_000_001, "login": "octo-org", "type": "Organization"}
    inner = {"id": 95_000_001, "account": account, "suspended_at": None}
    inner |= {key: changes.pop(key) for key in ("account", "suspended_at") if key in changes}
    values: Payload = {"action": "created", "installation": inner}
    return values | changes
