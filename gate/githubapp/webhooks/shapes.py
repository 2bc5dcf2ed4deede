"""Describe what only webhook deliveries hold."""

from __future__ import annotations

import msgspec

from gate.githubapp.shapes.accounts import PersonShape
from gate.githubapp.shapes.deployments import DeploymentStatusShape
from gate.githubapp.shapes.fields import Aware, Id, Name, in_utc
from gate.githubapp.shapes.installations import InstallationShape
from gate.githubapp.shapes.repositories import NamedRepositoryShape, RepositoryShape
from gate.githubapp.shapes.runs import RunShape


class InstallationRefShape(msgspec.Struct):
    """The installation an event was sent for."""

    id: Id


class Delivery(msgspec.Struct):
    """What most deliveries share."""

    repository: RepositoryShape
    installation: InstallationRefShape


class DeploymentShape(msgspec.Struct):
    """A deployment."""

    id: Id
    environment: Name
    sha: Name
    created_at: Aware

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.created_at = in_utc(self.created_at)


class RuleDelivery(Delivery):
    """`deployment_protection_rule`; the schema makes all of these optional.

    The gate can do without a deployment, which a job with `deployment: false` does not have.
    """

    action: str
    environment: Name
    deployment_callback_url: str
    deployment: DeploymentShape | None = None


class RunDelivery(Delivery):
    """`workflow_run`."""

    action: str
    workflow_run: RunShape


class DeploymentStatusDelivery(Delivery):
    """`deployment_status`."""

    action: str
    deployment: DeploymentShape
    deployment_status: DeploymentStatusShape
    workflow_run: RunShape | None = None


class ReviewedJobShape(msgspec.Struct):
    """A job that a reviewer let go on, or not; only its environment matters."""

    environment: Name


class ReviewDelivery(Delivery):
    """`deployment_review`; what only submitted reviews have may be missing."""

    action: str
    since: Aware | None = None
    approver: PersonShape | None = None
    comment: str | None = None
    workflow_run: RunShape | None = None
    workflow_job_runs: list[ReviewedJobShape] = []

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        if self.since is not None:
            self.since = in_utc(self.since)


class IssueShape(msgspec.Struct):
    """An issue."""

    number: Id


class ChangedIssueShape(msgspec.Struct):
    """An issue and when it was changed last."""

    number: Id
    html_url: str
    updated_at: Aware

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.updated_at = in_utc(self.updated_at)


class CommentShape(msgspec.Struct):
    """A comment on an issue; `performed_via_github_app` is set when an App wrote it."""

    id: Id
    user: PersonShape | None
    body: str
    html_url: str
    created_at: Aware
    performed_via_github_app: object = None
    author_association: str = ""

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.created_at = in_utc(self.created_at)


class IssueDelivery(Delivery):
    """`issues`; `assignee` is there when somebody was assigned."""

    action: str
    issue: ChangedIssueShape
    sender: PersonShape | None = None
    assignee: PersonShape | None = None


class CommentDelivery(Delivery):
    """`issue_comment`."""

    action: str
    issue: IssueShape
    comment: CommentShape


class PushDelivery(Delivery):
    """`push`."""

    ref: Name


class PullRequestShape(msgspec.Struct):
    """A pull request, of which the rest is asked of GitHub."""

    number: Id


class PullRequestDelivery(Delivery):
    """`pull_request`."""

    action: str
    pull_request: PullRequestShape


class CheckShape(msgspec.Struct):
    """A check run or a check suite; a suite has no `external_id`."""

    head_sha: Name
    external_id: str | None = None


class CheckRunDelivery(Delivery):
    """`check_run`, of which only its action is looked at unless a person asks again."""

    action: str
    check_run: CheckShape


class CheckSuiteDelivery(Delivery):
    """`check_suite`; as above."""

    action: str
    check_suite: CheckShape


class InstallationDelivery(msgspec.Struct):
    """`installation` and `installation_repositories`."""

    action: str
    installation: InstallationShape
    repositories: list[NamedRepositoryShape] | None = None
    repositories_added: list[NamedRepositoryShape] | None = None
    repositories_removed: list[NamedRepositoryShape] | None = None
