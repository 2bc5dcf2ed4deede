"""Turn GitHub's shapes into the domain's values; one definition for webhooks and REST."""

from __future__ import annotations

from gate.domain.deliveries import Repository
from gate.domain.ids import AccountId, InstallationId, RepositoryId, RunId, Sha
from gate.domain.runs import Account, Job, WorkflowRun, parse_workflow_path
from gate.githubapp.shapes import (
    AccountShape,
    JobShape,
    RepositoryShape,
    RunShape,
)

_UNKNOWN_STATUS = "unknown"


def account_of(shape: AccountShape) -> Account:
    """Give an account."""
    return Account(AccountId(shape.id), shape.login)


def repository_of(shape: RepositoryShape, installation_id: InstallationId) -> Repository:
    """Give a repository as an installation sees it."""
    return Repository(
        id=RepositoryId(shape.id),
        installation_id=installation_id,
        full_name=shape.full_name,
        owner=account_of(shape.owner),
        default_branch=shape.default_branch,
    )


def run_of(shape: RunShape, repository_id: RepositoryId) -> WorkflowRun:
    """Give a run attempt of a repository."""
    head = shape.head_repository
    return WorkflowRun(
        repository_id=repository_id,
        run_id=RunId(shape.id),
        run_attempt=shape.run_attempt,
        path=parse_workflow_path(shape.path),
        event=shape.event,
        head_sha=Sha(shape.head_sha),
        head_branch=shape.head_branch,
        head_repository_id=RepositoryId(head.id) if head is not None else None,
        status=shape.status or _UNKNOWN_STATUS,
        conclusion=shape.conclusion,
        started_at=shape.run_started_at,
        updated_at=shape.updated_at,
        html_url=shape.html_url,
        title=shape.display_title or "",
        actor=account_of(shape.actor) if shape.actor is not None else None,
        triggering_actor=(
            account_of(shape.triggering_actor) if shape.triggering_actor is not None else None
        ),
    )


def job_of(shape: JobShape) -> Job:
    """Give a job."""
    return Job(shape.name, shape.status, shape.conclusion)
