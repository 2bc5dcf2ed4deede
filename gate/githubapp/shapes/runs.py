"""Read workflow runs."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.ids import RepositoryId, RunId, Sha
from gate.domain.model.runs import WorkflowRun, parse_workflow_path
from gate.githubapp.shapes.accounts import AccountShape, account_of
from gate.githubapp.shapes.fields import Attempt, Aware, Id, Name, in_utc, without_nul
from gate.githubapp.shapes.repositories import NamedRepositoryShape, RepositoryRefShape

_UNKNOWN_STATUS: Final = "unknown"


class RunShape(msgspec.Struct):
    """A workflow run attempt, in webhooks and in REST.

    `deployment_status` leaves out `head_repository`, and in older versions `path`; such a run
    shows which attempt it is, not what may be concluded from it (`is_whole`).
    """

    id: Id
    head_sha: Name
    event: Name
    status: Name | None
    run_started_at: Aware
    updated_at: Aware
    html_url: str
    path: Name | None = None
    run_attempt: Attempt | msgspec.UnsetType = msgspec.UNSET
    conclusion: Name | None = None
    head_branch: Name | None = None
    head_repository: RepositoryRefShape | msgspec.UnsetType | None = msgspec.UNSET
    repository: NamedRepositoryShape | None = None
    display_title: str | None = None
    actor: AccountShape | None = None
    triggering_actor: AccountShape | None = None

    def __post_init__(self) -> None:
        """Bring the times to UTC."""
        self.run_started_at = in_utc(self.run_started_at)
        self.updated_at = in_utc(self.updated_at)

    @property
    def attempt(self) -> int:
        """Return the attempt; an old Enterprise Server, which tells none, has only the first."""
        return 1 if self.run_attempt is msgspec.UNSET else self.run_attempt

    @property
    def is_whole(self) -> bool:
        """Return whether the run has its workflow file and the repository of its commit."""
        return self.path is not None and self.head_repository is not msgspec.UNSET


def run_of(shape: RunShape, repository_id: RepositoryId, full_name: str) -> WorkflowRun:
    """Return a run attempt of a repository, by the name the run has for it, else by `full_name`.

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
    """Return the repository of a run's commit; None when it is gone, or left out."""
    head = shape.head_repository
    return RepositoryId(head.id) if isinstance(head, RepositoryRefShape) else None
