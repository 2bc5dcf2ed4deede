"""State what the reconciler needs from GitHub, as protocols that `gate.githubapp` fulfills.

Every method is one question or one write, raises only errors of `gate.errors`, and may block for
as long as the client's time-out. None is called inside a database transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.domain.model.deliveries import Observation, Repository
from gate.domain.model.github import (
    Collaborator,
    DeploymentStatus,
    FileCommit,
    FileQuestion,
    FileReading,
    HookDelivery,
    Installation,
    IssuePage,
    LatestRuns,
    RepositoryAddress,
    RequiredReviewer,
    RunListing,
)
from gate.domain.model.ids import CommentId, DeploymentId, InstallationId, RunId, Sha
from gate.domain.model.policy_checks import CheckRun, PullRequest
from gate.domain.model.request import ReviewState
from gate.domain.model.runs import Account, Job, WorkflowRun
from gate.domain.requests.missing_facts import ListingNeeded

ParseDelivery = Callable[[str, bytes], Observation]
"""Read a verified delivery (event name, JSON body); raises DeliveryRejected when malformed."""


class App(Protocol):
    """What is asked of GitHub about the App itself."""

    def read_installations(self) -> tuple[Installation, ...]:
        """Read the installations of the App."""
        ...

    def read_installation_repositories(self, installation: Installation) -> tuple[Repository, ...]:
        """Read the repositories an installation may see."""
        ...

    def quota_of(self, installation_id: InstallationId) -> int | None:
        """Return an installation's hourly quota of calls, where GitHub has said it."""
        ...

    def read_hook_deliveries(self) -> Iterator[HookDelivery]:
        """Iterate GitHub's delivery log of the App's webhook, newest first, page by page."""
        ...

    def send_redelivery(self, number: int) -> None:
        """Ask GitHub to deliver a webhook again, under the same delivery id."""
        ...


class Actions(Protocol):
    """What is asked of GitHub about workflow runs."""

    def read_run(self, address: RepositoryAddress, run_id: RunId) -> WorkflowRun | None:
        """Read the newest attempt of a run; None when there is no such run."""
        ...

    def read_run_attempt(
        self, address: RepositoryAddress, run_id: RunId, attempt: int
    ) -> WorkflowRun | None:
        """Read one attempt of a run; None when there is no such attempt."""
        ...

    def read_runs(self, address: RepositoryAddress, listing: ListingNeeded) -> RunListing | None:
        """Read the newest runs of a workflow file; None when GitHub lists none of it, or no file.

        GitHub lists by creation: a re-run of an older run than it reaches to is not among them.
        """
        ...

    def read_latest_runs(self, address: RepositoryAddress, etag: str | None) -> LatestRuns | None:
        """Read the newest runs of a repository; None when they are those of `etag` still."""
        ...

    def read_waiting_runs(self, address: RepositoryAddress) -> tuple[WorkflowRun, ...]:
        """Read the runs whose status is `waiting` now."""
        ...

    def read_jobs(self, address: RepositoryAddress, run_id: RunId) -> tuple[Job, ...]:
        """Read the executions of all jobs of a run, in all its attempts."""
        ...

    def read_artifacts(self, address: RepositoryAddress, run_id: RunId) -> tuple[int, ...]:
        """Read the ids of a run's artifacts that can still be opened, newest first, 100 at most."""
        ...

    def read_pending_environments(
        self, address: RepositoryAddress, run_id: RunId
    ) -> Mapping[str, str]:
        """Read which environments of a run wait for any rule: folded names, and GitHub's own."""
        ...


IsTimely = Callable[[], bool]
"""Asked right before a write, after any wait: where it says no, nothing is sent, and the call
raises RetryLater with reason too_late. See `gate.reconciler.deadlines`."""


class Deployments(Protocol):
    """What GitHub is asked and told about deployments."""

    def read_rule_enabled(self, address: RepositoryAddress, environment: str) -> bool:
        """Return whether this App's protection rule is enabled on an environment."""
        ...

    def read_deployment_statuses(
        self, address: RepositoryAddress, deployment_id: DeploymentId
    ) -> tuple[DeploymentStatus, ...]:
        """Read the newest statuses of a deployment, newest first."""
        ...

    def send_review(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        environment: str,
        state: ReviewState,
        comment: str,
        *,
        is_timely: IsTimely,
    ) -> None:
        """Answer for everything of ours that waits for this environment in this run.

        Raises RetryLater (certainly not applied), OutcomeUnknown (may be applied), or Refused with
        reason nothing_pending, already_reviewed, review_conflict, permission_missing, not_found or
        unprocessable.
        """
        ...

    def send_report(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        environment: str,
        comment: str,
        *,
        is_timely: IsTimely,
    ) -> None:
        """Post a status report; it answers nothing. Raises as `send_review` does."""
        ...

    def send_deployment_status(
        self,
        address: RepositoryAddress,
        deployment_id: DeploymentId,
        *,
        state: str,
        description: str,
        log_url: str,
        is_timely: IsTimely,
    ) -> None:
        """Add a status to a deployment; no other deployment is touched. Raises as above."""
        ...


class Contents(Protocol):
    """What is asked of GitHub about repositories and their files."""

    def read_repository(self, address: RepositoryAddress) -> Repository | None:
        """Read a repository's present name and default branch; None when it cannot be seen."""
        ...

    def read_file(self, address: RepositoryAddress, question: FileQuestion) -> FileReading:
        """Read a file from the default branch of a repository."""
        ...

    def read_organization_file(
        self, installation_id: InstallationId, owner: Account, question: FileQuestion
    ) -> FileReading:
        """Read a file from the default branch of the owner's `.github` repository."""
        ...

    def read_file_commit(self, address: RepositoryAddress, path: str) -> FileCommit | None:
        """Read the commit of the default branch that touched a file last; None where none did."""
        ...

    def read_organization_file_commit(
        self, installation_id: InstallationId, owner: Account, path: str
    ) -> FileCommit | None:
        """Do as `read_file_commit` for the owner's `.github` repository."""
        ...

    def read_folder(
        self, address: RepositoryAddress, folder: str, at: Sha | None = None
    ) -> Mapping[str, str]:
        """Read the files right in a folder, by path, each with the SHA of its blob.

        They are those of the default branch, or of a commit; none where there is no such folder.
        """
        ...

    def read_proposed_file(self, address: RepositoryAddress, path: str, at: Sha) -> bytes | None:
        """Read a file of a commit, which may be a fork's; None where it has none.

        Raises Refused("too_large") for more than 256 KiB.
        """
        ...

    def read_merge_base(self, address: RepositoryAddress, base: Sha, head: Sha) -> Sha | None:
        """Read the newest commit that two have in common; None where they have none."""
        ...


class PullRequests(Protocol):
    """What is asked of GitHub about pull requests."""

    def read_pull_request(self, address: RepositoryAddress, number: int) -> PullRequest | None:
        """Read a pull request as it is now; None when there is none to be seen."""
        ...


class Checks(Protocol):
    """What GitHub is asked and told about check runs."""

    def read_is_written(self, address: RepositoryAddress, head_sha: Sha, external_id: str) -> bool:
        """Return whether a check run of this App stands at a commit already."""
        ...

    def send_check_run(
        self, address: RepositoryAddress, run: CheckRun, *, is_timely: IsTimely
    ) -> None:
        """Write a check run that has ended. Raises as `send_review` does."""
        ...


class People(Protocol):
    """What is asked of GitHub about people."""

    def read_collaborator(self, address: RepositoryAddress, person: Account) -> Collaborator | None:
        """Read what a person may do in a repository; None when the login is not theirs."""
        ...

    def read_team_member(
        self, installation_id: InstallationId, *, organization: str, slug: str, login: str
    ) -> bool:
        """Return whether a login is an active member of a team."""
        ...

    def read_required_reviewers(
        self, address: RepositoryAddress, environment: str
    ) -> tuple[RequiredReviewer, ...]:
        """Read who must review an environment; nobody when it is not protected so."""
        ...


class Issues(Protocol):
    """What GitHub is asked and told about issues and comments."""

    def read_marked_issue(
        self, address: RepositoryAddress, mark: str, since: datetime
    ) -> IssuePage | None:
        """Find the issue of this App whose text has a mark, among those changed since a moment.

        What a person has copied the mark into is none.
        """
        ...

    def read_issue_text(self, address: RepositoryAddress, issue_number: int) -> str:
        """Read what an issue says now. Raises RetryLater or Refused."""
        ...

    def read_comments(
        self, address: RepositoryAddress, issue_number: int, since: datetime
    ) -> tuple[str, ...]:
        """Read what was written under an issue since a moment."""
        ...

    def send_issue(
        self,
        address: RepositoryAddress,
        *,
        title: str,
        body: str,
        labels: Sequence[str],
        is_timely: IsTimely,
    ) -> IssuePage:
        """Open an issue. Raises as above, and Refused `issues_disabled`."""
        ...

    def send_issue_update(
        self,
        address: RepositoryAddress,
        issue_number: int,
        *,
        title: str,
        body: str,
        is_open: bool,
        is_timely: IsTimely,
    ) -> None:
        """Change an issue, close it or open it again; the same again does nothing."""
        ...

    def send_comment(
        self, address: RepositoryAddress, issue_number: int, text: str, *, is_timely: IsTimely
    ) -> None:
        """Comment on an issue. Raises as above."""
        ...

    def send_reaction(
        self,
        address: RepositoryAddress,
        comment_id: CommentId,
        content: str,
        *,
        is_timely: IsTimely,
    ) -> None:
        """React to a comment; the same reaction again does nothing. Raises as above."""
        ...


@dataclass(frozen=True, slots=True)
class GitHub:
    """The questions and writes that the gate puts to GitHub, by subject; for any thread."""

    app: App
    actions: Actions
    deployments: Deployments
    contents: Contents
    people: People
    issues: Issues
    pull_requests: PullRequests
    checks: Checks
