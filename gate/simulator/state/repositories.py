"""Repositories with their commits, workflows and environments."""

from dataclasses import dataclass, field
from datetime import datetime

from gate.simulator.state.accounts import Account, Team
from gate.simulator.state.checks import CheckRun
from gate.simulator.state.issues import Issue, Label
from gate.simulator.state.pull_requests import PullRequest


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
    """A commit: the whole tree by path, and what it changed.

    `author` is the account that pushed it, and whose it is unless it has a `git_name`: then its
    e-mail address is nobody's.
    """

    sha: str
    message: str
    author: str
    committed_at: datetime
    parent: str | None
    files: dict[str, bytes]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    git_name: str = ""


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
    environments: dict[str, Environment] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    run_ids: list[int] = field(default_factory=list)
    deployment_ids: list[int] = field(default_factory=list)
    has_issues: bool = True
    archived: bool = False
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)

    @property
    def next_number(self) -> int:
        """Return the number of the next issue or pull request, which are numbered together."""
        return len(self.issues) + len(self.pull_requests) + 1

    @property
    def full_name(self) -> str:
        """Join owner and name."""
        return f"{self.owner.login}/{self.name}"
