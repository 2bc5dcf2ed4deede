"""The entities of the simulated GitHub, as it stores them.

Plain mutable records without behaviour. They are read and written only under the lock of
`gate.simulator.github.SimulatedGitHub`; what leaves the simulation is a copy.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

AccountType = Literal["User", "Organization", "Bot"]
Permissions = dict[str, str]


@dataclass(slots=True)
class Account:
    """A user, an organisation or the bot user of an App."""

    id: int
    login: str
    type: AccountType
    allows_ip: bool = True


@dataclass(slots=True)
class App:
    """A registered GitHub App."""

    id: int
    slug: str
    name: str
    client_id: str
    owner: Account
    bot: Account
    public_key_pem: str
    hook_id: int
    webhook_url: str | None
    webhook_secret: str
    permissions: Permissions
    events: tuple[str, ...]
    created_at: datetime


@dataclass(slots=True)
class Installation:
    """An App installed on an account, with what that account granted it."""

    id: int
    app_id: int
    account: Account
    permissions: Permissions
    events: tuple[str, ...]
    repository_selection: Literal["all", "selected"]
    repository_ids: set[int]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(slots=True)
class Workflow:
    """A workflow file of a repository."""

    id: int
    repository_id: int
    path: str
    name: str
    created_at: datetime
    run_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Commit:
    """A commit: the whole tree by path, and what it changed."""

    sha: str
    message: str
    author: str
    committed_at: datetime
    parent: str | None
    files: dict[str, bytes]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


@dataclass(slots=True)
class Comment:
    """A comment on an issue; `app_id` is set when an App wrote it."""

    id: int
    issue_number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    reactions: list[tuple[str, Account]] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str


@dataclass(slots=True)
class Issue:
    """An issue and its comments; `app_id` is set when an App opened it."""

    id: int
    number: int
    title: str
    body: str
    author: Account
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Repository:
    """A repository with its branches, collaborators and Actions configuration."""

    id: int
    owner: Account
    name: str
    default_branch: str
    private: bool
    fork: bool
    created_at: datetime
    pushed_at: datetime
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    environments: dict[str, "Environment"] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    run_ids: list[int] = field(default_factory=list)
    deployment_ids: list[int] = field(default_factory=list)
    has_issues: bool = True
    archived: bool = False
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Join owner and name."""
        return f"{self.owner.login}/{self.name}"


@dataclass(slots=True)
class Team:
    """A team of an organisation."""

    id: int
    organization: str
    slug: str
    members: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ProtectionRule:
    """A custom deployment protection rule: an App, enabled on one environment."""

    id: int
    app_id: int


@dataclass(slots=True)
class Environment:
    """A deployment environment and its protection rules."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    rules: list[ProtectionRule] = field(default_factory=list)
    reviewers: list[Account | Team] = field(default_factory=list)
    prevent_self_review: bool = False
    can_admins_bypass: bool = True
    wait_minutes: int = 0


Answer = Literal["pending", "approved", "rejected"]


@dataclass(slots=True)
class PendingJob:
    """A job that reached a protected environment, and who still has to answer.

    It has no deployment where its workflow says `deployment: false`.
    """

    environment: Environment
    deployment_id: int | None
    since: datetime
    rules: dict[int, Answer]
    reviewers: Answer | None
    timer_until: datetime | None
    asked: bool = True
    open: bool = True
    reports: int = 0


@dataclass(slots=True)
class Job:
    """A job of one run attempt; one that is `carried` ran in an attempt before it."""

    id: int
    name: str
    attempt: int
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    gate: PendingJob | None = None
    carried: bool = False


@dataclass(slots=True)
class Artifact:
    """An artifact that a run uploaded."""

    id: int
    name: str
    size_in_bytes: int
    created_at: datetime


@dataclass(slots=True)
class Attempt:
    """One attempt of a workflow run; `again` names the jobs that it runs once more."""

    number: int
    status: str
    conclusion: str | None
    triggering_actor: Account
    run_started_at: datetime
    updated_at: datetime
    again: tuple[str, ...] = ()
    jobs: list[Job] = field(default_factory=list)


@dataclass(slots=True)
class ReviewEntry:
    """A line of a run's review history; GitHub gives it neither a time nor an attempt."""

    environments: tuple[Environment, ...]
    state: str
    user: Account
    comment: str


@dataclass(slots=True)
class Run:
    """A workflow run: one id through all its attempts.

    `reports` counts status reports by environment and App, `approved_in` keeps by the same key
    the attempt in which the App approved last. `group` is its concurrency group; where it `queues`,
    it cancels no other run that waits for the group.
    """

    id: int
    repository_id: int
    head_repository_id: int
    workflow: Workflow
    run_number: int
    head_branch: str
    head_sha: str
    event: str
    display_title: str
    actor: Account
    created_at: datetime
    attempts: list[Attempt]
    history: list[ReviewEntry] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    reports: dict[tuple[int, int], int] = field(default_factory=dict)
    approved_in: dict[tuple[int, int], int] = field(default_factory=dict)
    group: str | None = None
    queues: bool = False

    @property
    def attempt(self) -> Attempt:
        """Give the latest attempt."""
        return self.attempts[-1]


@dataclass(slots=True)
class DeploymentStatus:
    """One status of a deployment."""

    id: int
    state: str
    creator: Account
    created_at: datetime
    environment: str
    description: str = ""
    log_url: str = ""
    environment_url: str = ""
    app_id: int | None = None


@dataclass(slots=True)
class Deployment:
    """A deployment that Actions created for a job."""

    id: int
    repository_id: int
    run_id: int
    job_id: int
    sha: str
    ref: str
    environment: str
    creator: Account
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)
