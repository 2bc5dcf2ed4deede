"""Workflow runs: attempts, jobs, what they wait for, and the reviews."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gate.simulator.state.accounts import Account
from gate.simulator.state.repositories import Environment, Workflow

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
        """Return the latest attempt."""
        return self.attempts[-1]
