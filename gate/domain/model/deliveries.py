"""Describe webhook deliveries as values; parsing is `gate.githubapp.webhooks.payloads`.

A delivery is a hint that something was seen, never a command: each value here is an observation
that can be folded into what is known in any order, any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import CommentId, DeploymentId, InstallationId, RepositoryId, RunId, Sha
from gate.domain.model.runs import Account, WorkflowRun


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as an installation of the App sees it.

    `full_name` is for building paths and for people; `id` is the identity, since names are
    reused. `default_branch` is None where GitHub did not say. Whether it is `archived` is known of
    what was just read from GitHub.
    """

    id: RepositoryId
    installation_id: InstallationId
    full_name: str
    owner: Account
    default_branch: str | None
    archived: bool = field(default=False, compare=False)

    @property
    def address(self) -> RepositoryAddress:
        """Return where calls about this repository go."""
        return RepositoryAddress(self.installation_id, self.id, self.full_name)


@dataclass(frozen=True, slots=True)
class RuleRequested:
    """GitHub asks whether a deployment may go on (`deployment_protection_rule.requested`).

    The payload carries no run attempt; `run_id` was parsed from the callback URL, which is not
    used for anything else. A job with `deployment: false` has no deployment to tell of: its commit
    is the run's.
    """

    repository: Repository
    environment: str
    run_id: RunId
    deployment_id: DeploymentId | None
    head_sha: Sha | None


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A workflow run attempt was seen (`workflow_run`)."""

    repository: Repository
    run: WorkflowRun


@dataclass(frozen=True, slots=True)
class DeploymentSeen:
    """A deployment's state was seen (`deployment_status.created`).

    `run_id` and `run_attempt` name the run attempt the deployment belongs to, where the payload
    does; this is the only event that maps a deployment to its attempt. `run` is that attempt, where
    the payload has enough of it.
    """

    repository: Repository
    deployment_id: DeploymentId
    environment: str
    state: str
    at: datetime
    run_id: RunId | None
    run_attempt: int | None
    run: WorkflowRun | None


@dataclass(frozen=True, slots=True)
class ReviewSubmitted:
    """A reviewer let waiting jobs of a run go on (`deployment_review.approved`).

    `at` is the earliest time that GitHub tells for it: what `since` of a submitted review means is
    not documented, and a review must not look younger than it is. `title`, `event`, `branch` and
    `is_local` (the commit is of this repository, not of a fork) are the run's, `url` is its page.
    """

    repository: Repository
    run_id: RunId
    run_attempt: int
    head_sha: Sha
    environments: tuple[str, ...]
    reviewer: Account
    is_person: bool
    comment: str
    at: datetime
    title: str
    event: str
    branch: str | None
    is_local: bool
    url: str


@dataclass(frozen=True, slots=True)
class CommentSeen:
    """A comment on an issue was written, changed or deleted (`issue_comment`).

    `is_standing` says that it stands as it was written; one that was edited, or is gone, does not.
    `is_related` says that GitHub calls the author an owner, member or collaborator. Members of an
    organization may hide that they are, so it is a hint and no more.
    """

    repository: Repository
    comment_id: CommentId
    issue_number: int
    author: Account
    is_person: bool
    is_related: bool
    body: str
    at: datetime
    url: str
    is_standing: bool


class IssueChange(StrEnum):
    """What a person did to an issue."""

    ASSIGNED = "assigned"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class IssueChanged:
    """A person assigned, closed or reopened an issue (`issues`).

    `by` is who did it, `assignee` whom they assigned. `at` is when the issue was changed last.
    """

    repository: Repository
    issue_number: int
    change: IssueChange
    by: Account
    is_person: bool
    assignee: Account | None
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch was pushed to (`push`)."""

    repository: Repository
    branch: str


@dataclass(frozen=True, slots=True)
class PullRequestChanged:
    """A pull request was opened, or its commit or target changed (`pull_request`)."""

    repository: Repository
    number: int


@dataclass(frozen=True, slots=True)
class CheckRequested:
    """A person wants a check of ours again (`check_run.rerequested`, `check_suite.rerequested`).

    `external_id` is what we wrote into the check; None where all checks of a commit are wanted.
    """

    repository: Repository
    head_sha: Sha
    external_id: str | None


class InstallationStatus(StrEnum):
    """Whether the App may act for an installation."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class InstallationSeen:
    """An installation or its list of repositories changed.

    `repositories` are those it gained or was created with, `removed` those it lost.
    """

    installation_id: InstallationId
    account: Account
    status: InstallationStatus
    repositories: tuple[Repository, ...]
    removed: tuple[RepositoryId, ...]


@dataclass(frozen=True, slots=True)
class NothingSeen:
    """A delivery that is none of ours; `reason` says why, as a slug."""

    reason: str


Observation = (
    RuleRequested
    | RunSeen
    | DeploymentSeen
    | ReviewSubmitted
    | CommentSeen
    | IssueChanged
    | Pushed
    | PullRequestChanged
    | CheckRequested
    | InstallationSeen
    | NothingSeen
)
