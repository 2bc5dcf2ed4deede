"""Describe the JSON that GitHub sends, as far as the gate reads it.

Fields that are not named here are ignored: GitHub adds some without notice, and real
`deployment_protection_rule` deliveries carry fields that its published schema forbids. Statuses,
conclusions and events stay texts, since GitHub adds values. The same run shape serves webhooks and
REST.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Attempt = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+\Z")]
"""A text that identifies something; PostgreSQL keeps no NUL, and GitHub sends none."""


_PERSON: Final = "User"


def in_utc(moment: datetime) -> datetime:
    """Give a moment in UTC; raises ValueError, which msgspec reports, at the ends of time."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment out of range") from None


class AccountShape(msgspec.Struct):
    """A user, organisation or bot."""

    id: Id
    login: Name


class PersonShape(AccountShape):
    """Whoever did something; `type` tells people (`User`) from bots and organisations."""

    type: str = ""

    @property
    def is_person(self) -> bool:
        """Say whether it is a person's account."""
        return self.type == _PERSON


class RepositoryShape(msgspec.Struct):
    """A whole repository object."""

    id: Id
    full_name: Name
    owner: AccountShape
    default_branch: Name | None = None
    archived: bool = False


class NamedRepositoryShape(msgspec.Struct):
    """The short form in events about installations."""

    id: Id
    full_name: Name


class RepositoryRefShape(msgspec.Struct):
    """A repository of which only the id matters."""

    id: Id


class InstallationRefShape(msgspec.Struct):
    """The installation an event was sent for."""

    id: Id


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
        """Give the attempt; an old Enterprise Server, which tells none, has only the first."""
        return 1 if self.run_attempt is msgspec.UNSET else self.run_attempt

    @property
    def is_whole(self) -> bool:
        """Say whether the run names its workflow file and says where its commit comes from."""
        return self.path is not None and self.head_repository is not msgspec.UNSET


class RunsPage(msgspec.Struct):
    """A page of runs."""

    workflow_runs: list[RunShape]


class JobShape(msgspec.Struct):
    """An execution of a job in one attempt of its run."""

    name: str
    status: Name
    run_attempt: Attempt | msgspec.UnsetType = msgspec.UNSET
    conclusion: Name | None = None
    started_at: Aware | None = None

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.started_at = in_utc(self.started_at) if self.started_at is not None else None

    @property
    def attempt(self) -> int:
        """Return the attempt; an old Enterprise Server, which tells none, has only the first."""
        return 1 if self.run_attempt is msgspec.UNSET else self.run_attempt


class JobsPage(msgspec.Struct):
    """A page of jobs."""

    jobs: list[JobShape]


class ArtifactRunShape(msgspec.Struct):
    """The run that uploaded an artifact."""

    repository_id: Id | None = None


class ArtifactShape(msgspec.Struct):
    """What a run uploaded; an expired one cannot be opened any more."""

    id: Id
    expired: bool = False
    workflow_run: ArtifactRunShape | None = None

    def is_of(self, repository_id: int) -> bool:
        """Say whether it is of this repository, for all that GitHub tells of it."""
        told = self.workflow_run.repository_id if self.workflow_run is not None else None
        return told is None or told == repository_id


class ArtifactsPage(msgspec.Struct):
    """A page of artifacts."""

    artifacts: list[ArtifactShape]


class EnvironmentShape(msgspec.Struct):
    """A deployment environment."""

    name: Name


class EntryShape(msgspec.Struct):
    """What is right in a folder; `type` is `file`, `dir`, `symlink` or `submodule`."""

    name: Name
    type: str


class PendingShape(msgspec.Struct):
    """An environment that a run waits for."""

    environment: EnvironmentShape


class EnvironmentsPage(msgspec.Struct):
    """A page of environments."""

    environments: list[EnvironmentShape]


class ReviewerShape(msgspec.Struct):
    """A required reviewer: a user has a login, a team a slug."""

    id: Id
    login: Name | None = None
    slug: Name | None = None


class RequiredReviewerShape(msgspec.Struct):
    """A required reviewer and whether it is a `User` or a `Team`."""

    type: str
    reviewer: ReviewerShape


class ProtectionRuleShape(msgspec.Struct):
    """A protection rule of an environment; only `required_reviewers` names any."""

    type: str
    reviewers: list[RequiredReviewerShape] = []


class ProtectedEnvironmentShape(msgspec.Struct):
    """An environment with its protection rules."""

    protection_rules: list[ProtectionRuleShape] = []


class CollaboratorShape(PersonShape):
    """A user with what they may do in a repository, by GitHub's short names."""

    permissions: dict[str, bool] = {}


class PermissionShape(msgspec.Struct):
    """What somebody may do in a repository."""

    user: CollaboratorShape | None


class MembershipShape(msgspec.Struct):
    """Somebody's membership of a team; only an `active` one counts."""

    state: str


class RuleAppShape(msgspec.Struct):
    """The App behind a custom deployment protection rule."""

    id: Id
    slug: str = ""


class RuleShape(msgspec.Struct):
    """A custom deployment protection rule of an environment."""

    enabled: bool
    app: RuleAppShape


class RulesPage(msgspec.Struct):
    """The custom deployment protection rules of an environment."""

    custom_deployment_protection_rules: list[RuleShape]


class DeploymentShape(msgspec.Struct):
    """A deployment."""

    id: Id
    environment: Name
    sha: Name
    created_at: Aware

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.created_at = in_utc(self.created_at)


class DeploymentStatusShape(msgspec.Struct):
    """A state a deployment has reached; `log_url` is empty where nobody gave one."""

    state: Name
    created_at: Aware
    log_url: str = ""

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.created_at = in_utc(self.created_at)


class Delivery(msgspec.Struct):
    """What most deliveries share."""

    repository: RepositoryShape
    installation: InstallationRefShape


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


class WrittenCommentShape(msgspec.Struct):
    """What stands in a comment, in a listing."""

    body: str | None = None


class AppRefShape(msgspec.Struct):
    """The App through which something was written."""

    id: Id


class IssuePageShape(msgspec.Struct):
    """An issue as REST shows it; a pull request is listed among them."""

    number: Id
    html_url: str
    user: PersonShape | None = None
    body: str | None = None
    performed_via_github_app: AppRefShape | None = None
    pull_request: object = None


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


class OwnerShape(msgspec.Struct):
    """Who the App is installed for; an enterprise has a `slug` in place of a `login`."""

    id: Id
    login: Name | None = None
    slug: Name | None = None


class InstallationShape(msgspec.Struct):
    """An installation of the App; `account` is null when whoever it was is gone."""

    id: Id
    account: OwnerShape | None
    suspended_at: str | None = None
    repository_selection: str | None = None


class InstallationDelivery(msgspec.Struct):
    """`installation` and `installation_repositories`."""

    action: str
    installation: InstallationShape
    repositories: list[NamedRepositoryShape] | None = None
    repositories_added: list[NamedRepositoryShape] | None = None
    repositories_removed: list[NamedRepositoryShape] | None = None


class RepositoriesPage(msgspec.Struct):
    """A page of an installation's repositories."""

    repositories: list[RepositoryShape]


class HookDeliveryShape(msgspec.Struct):
    """An attempt at delivering a webhook, in GitHub's log."""

    id: Id
    guid: Name
    delivered_at: Aware
    status: str
    event: Name
    status_code: int = 0

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.delivered_at = in_utc(self.delivered_at)


class TokenShape(msgspec.Struct):
    """An installation access token."""

    token: Name
    expires_at: Aware

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.expires_at = in_utc(self.expires_at)


class AppShape(msgspec.Struct):
    """The App itself."""

    id: Id
    slug: str
    permissions: dict[str, str]
    events: list[str]


class HookConfigShape(msgspec.Struct):
    """Where the App's webhook goes."""

    url: str = ""


class ErrorShape(msgspec.Struct):
    """GitHub's error body; `errors` is a list of texts, or of objects with a `message`."""

    message: object = ""
    errors: object = None
