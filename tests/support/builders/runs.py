"""Build runs and jobs: by default a green validation that started an hour before `NOW`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gate.domain.model.ids import (
    AccountId,
    RunId,
)
from gate.domain.model.reporters import Reporter
from gate.domain.model.runs import Account, Job, WorkflowRun
from tests.support.builders.defaults import (
    BRANCH,
    DEPLOY,
    NOW,
    REPOSITORY,
    SHA,
    TERRAFORM,
    VALIDATION,
    before,
)


def make_account(login: str = "mona", *, id: int = 583231) -> Account:  # noqa: A002 - GitHub's word
    """Make a person, or an App."""
    return Account(AccountId(id), login)


def make_job(
    name: str = "flows",
    conclusion: str | None = "success",
    *,
    status: str = "completed",
    started_at: datetime | None = NOW - timedelta(minutes=59),
    run_attempt: int = 1,
) -> Job:
    """Make a job that succeeded, and began just after the default validation."""
    return Job(name, status, conclusion, started_at, run_attempt)


def make_run(**changes: Any) -> WorkflowRun:
    """Make the green validation of the default branch, started an hour ago."""
    run_id = RunId(changes.get("run_id", 501))
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": run_id,
        "run_attempt": 1,
        "path": VALIDATION,
        "event": "push",
        "head_sha": SHA,
        "head_branch": BRANCH,
        "head_repository_id": REPOSITORY,
        "status": "completed",
        "conclusion": "success",
        "started_at": before(hours=1),
        "updated_at": before(minutes=50),
        "html_url": f"https://github.com/acme/shop/actions/runs/{run_id}",
        "title": "Production validation",
        "actor": make_account(),
        "triggering_actor": make_account(),
        "jobs": None,
    }
    return WorkflowRun(**values | changes)


def make_infrastructure(**changes: Any) -> WorkflowRun:
    """Make a successful infrastructure run that ended before the default validation started."""
    values: dict[str, Any] = {
        "run_id": RunId(401),
        "path": TERRAFORM,
        "started_at": before(hours=3),
        "updated_at": before(hours=2),
        "title": "Apply infrastructure",
    }
    return make_run(**values | changes)


def make_deploy_run(**changes: Any) -> WorkflowRun:
    """Make the deploying run, which waits for the gate."""
    values: dict[str, Any] = {
        "run_id": RunId(601),
        "path": DEPLOY,
        "status": "waiting",
        "conclusion": None,
        "started_at": before(minutes=2),
        "updated_at": before(minutes=1),
        "title": "Deploy",
    }
    return make_run(**values | changes)


def make_reporter(**changes: Any) -> Reporter:
    """Make the first attempt of the default validation's run."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "owner_id": AccountId(66),
        "run_id": RunId(501),
        "run_attempt": 1,
        "workflow": VALIDATION,
        "ref": f"refs/heads/{BRANCH}",
        "event": "push",
        "sha": SHA,
        "token_id": "b3ad6f7c-0001",
        "expires_at": NOW + timedelta(minutes=5),
    }
    return Reporter(**values | changes)
