"""Turn GitHub's shapes into the domain's values; one definition for webhooks and REST."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import HookDelivery, Installation
from gate.domain.model.ids import AccountId, DeliveryId, InstallationId, RepositoryId, RunId, Sha
from gate.domain.model.runs import Account, Job, WorkflowRun, parse_workflow_path
from gate.githubapp.shapes import (
    AccountShape,
    HookDeliveryShape,
    InstallationShape,
    JobShape,
    OwnerShape,
    RepositoryRefShape,
    RepositoryShape,
    RunShape,
)

_UNKNOWN_STATUS: Final = "unknown"
_DELIVERED: Final = "OK"
_ALL: Final = "all"


def account_of(shape: AccountShape) -> Account:
    """Give an account."""
    return Account(AccountId(shape.id), shape.login)


def owner_of(shape: OwnerShape) -> Account:
    """Give the account an App is installed for."""
    return Account(AccountId(shape.id), shape.login or shape.slug or "")


def repository_of(shape: RepositoryShape, installation_id: InstallationId) -> Repository:
    """Give a repository as an installation sees it."""
    return Repository(
        id=RepositoryId(shape.id),
        installation_id=installation_id,
        full_name=shape.full_name,
        owner=account_of(shape.owner),
        default_branch=shape.default_branch,
        archived=shape.archived,
    )


def run_of(shape: RunShape, repository_id: RepositoryId, full_name: str) -> WorkflowRun:
    """Give a run attempt of a repository, by the name the run has for it, else by `full_name`.

    Raises msgspec.ValidationError for a run without `path`: nothing may be concluded from it.
    """
    if shape.path is None:
        raise msgspec.ValidationError("Object missing required field `path` of a workflow run")
    actor, triggering = shape.actor, shape.triggering_actor
    name = shape.repository.full_name if shape.repository is not None else full_name
    return WorkflowRun(
        repository_id=repository_id,
        run_id=RunId(shape.id),
        run_attempt=shape.attempt,
        path=parse_workflow_path(shape.path, name),
        event=shape.event,
        head_sha=Sha(shape.head_sha),
        head_branch=shape.head_branch,
        head_repository_id=_head_repository_id(shape),
        status=shape.status or _UNKNOWN_STATUS,
        conclusion=shape.conclusion,
        started_at=shape.run_started_at,
        updated_at=shape.updated_at,
        html_url=without_nul(shape.html_url),
        title=without_nul(shape.display_title or ""),
        actor=account_of(actor) if actor is not None else None,
        triggering_actor=account_of(triggering) if triggering is not None else None,
    )


def _head_repository_id(shape: RunShape) -> RepositoryId | None:
    """Give where a run's commit comes from; a repository that is gone, or untold, is nobody's."""
    head = shape.head_repository
    return RepositoryId(head.id) if isinstance(head, RepositoryRefShape) else None


def without_nul(text: str) -> str:
    """Keep a free text storable: authors of workflows write it, and PostgreSQL takes no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def job_of(shape: JobShape) -> Job:
    """Give a job."""
    return Job(
        name=without_nul(shape.name),
        status=shape.status,
        conclusion=shape.conclusion,
        started_at=shape.started_at,
        run_attempt=shape.attempt,
    )


def installations_of(shape: InstallationShape) -> tuple[Installation, ...]:
    """Give an installation; none when whoever installed the App is gone."""
    if shape.account is None:
        return ()
    suspended = shape.suspended_at is not None
    sees_all = shape.repository_selection == _ALL
    owner = owner_of(shape.account)
    return (Installation(InstallationId(shape.id), owner, suspended=suspended, sees_all=sees_all),)


def hook_delivery_of(shape: HookDeliveryShape) -> HookDelivery:
    """Give a line of the delivery log.

    It succeeded when its status is `OK`; a time-out has no status code that could be relied on
    (docs: Handling failed webhook deliveries).
    """
    return HookDelivery(
        number=shape.id,
        delivery_id=DeliveryId(shape.guid),
        delivered_at=shape.delivered_at,
        succeeded=shape.status == _DELIVERED,
        event=shape.event,
        status_code=shape.status_code,
    )
