"""Ask GitHub the gate's questions and send its answers.

Fulfils the port `gate.reconciler.ports.GitHub`. Paths are built from checked parts, never taken
from a payload. A repository's name may have passed to another one since it was last seen, so that
whatever tells its repository is compared with the id that was asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Final

import msgspec

from gate.clock import Clock
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import (
    Collaborator,
    DeploymentStatus,
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
from gate.domain.model.ids import CommentId, DeploymentId, InstallationId, RunId, environment_key
from gate.domain.model.request import ReviewState
from gate.domain.model.runs import Account, Job, WorkflowRun
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.githubapp import contents, issues, notes, people
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.tokens import Scope
from gate.githubapp.reading import (
    hook_delivery_of,
    installations_of,
    job_of,
    repository_of,
    run_of,
)
from gate.githubapp.shapes import (
    AppShape,
    ArtifactsPage,
    EnvironmentsPage,
    HookConfigShape,
    HookDeliveryShape,
    InstallationShape,
    JobsPage,
    PendingShape,
    RepositoriesPage,
    RepositoryShape,
    RulesPage,
    RunShape,
    RunsPage,
)
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path, segment
from gate.githubapp.transport.transport import TIMEOUT, Transport, decoded, time_of

_PAGE: Final = 100
_LISTED_PAGES: Final = 2
_GATE: Final = (("actions", "read"), ("deployments", "write"))
_METADATA: Final = (("metadata", "read"),)
_WAITING: Final = "waiting"

_app: Final = msgspec.json.Decoder(AppShape)
_hook: Final = msgspec.json.Decoder(HookConfigShape)
_run: Final = msgspec.json.Decoder(RunShape)
_runs: Final = msgspec.json.Decoder(RunsPage)
_jobs: Final = msgspec.json.Decoder(JobsPage)
_artifacts: Final = msgspec.json.Decoder(ArtifactsPage)
_pending: Final = msgspec.json.Decoder(list[PendingShape])
_rules: Final = msgspec.json.Decoder(RulesPage)
_environments: Final = msgspec.json.Decoder(EnvironmentsPage)
_repository: Final = msgspec.json.Decoder(RepositoryShape)
_repositories: Final = msgspec.json.Decoder(RepositoriesPage)
_installations: Final = msgspec.json.Decoder(list[InstallationShape])
_deliveries: Final = msgspec.json.Decoder(list[HookDeliveryShape])


class GitHubClient:
    """GitHub as the gate sees it; safe to share between threads."""

    def __init__(
        self, api_url: str, credentials: AppCredentials, clock: Clock, *, timeout: int = TIMEOUT
    ) -> None:
        """Prepare; nothing is called before it is needed. `timeout` is in seconds."""
        self._transport = Transport(api_url, credentials, clock, timeout=timeout)
        configured = credentials.app_id
        self._app_id = int(configured) if configured.isdecimal() else None

    def close(self) -> None:
        """Hang up on GitHub."""
        self._transport.close()

    @property
    def quota_left(self) -> Mapping[int | None, int]:
        """Tell what is left of each installation's hourly quota; None is the App itself."""
        return self._transport.limiter.quota_left()

    def read_run(self, address: RepositoryAddress, run_id: RunId) -> WorkflowRun | None:
        """Read the newest attempt of a run; None when there is no such run."""
        return self._read_run(address, f"/actions/runs/{run_id}")

    def read_run_attempt(
        self, address: RepositoryAddress, run_id: RunId, attempt: int
    ) -> WorkflowRun | None:
        """Read one attempt of a run; None when there is no such attempt."""
        return self._read_run(address, f"/actions/runs/{run_id}/attempts/{attempt}")

    def _read_run(self, address: RepositoryAddress, path: str) -> WorkflowRun | None:
        answer = self._found(address, path)
        return None if answer is None else next(_own_runs([decoded(answer, _run)], address), None)

    def read_runs(self, address: RepositoryAddress, listing: ListingNeeded) -> RunListing | None:
        """Read the newest runs of a workflow file; None when GitHub lists none of it, or no file.

        GitHub's own filters leave out newer runs at times (PyGithub #2225, cli/cli #5440), so all
        runs are listed and chosen here: 100, and 100 more where none of them is of the branch.
        """
        file = segment(listing.path.rpartition("/")[2])
        path = f"/actions/workflows/{file}/runs?per_page={_PAGE}&exclude_pull_requests=true"
        listed: list[WorkflowRun] = []
        reaches_all = True
        for answer in islice(self._found_pages(address, path), _LISTED_PAGES):
            shapes = decoded(answer, _runs).workflow_runs
            listed += (run for run in _own_runs(shapes, address) if run.path == listing.path)
            reaches_all = len(shapes) < _PAGE
            if any(run.head_branch == listing.branch and not run.is_skipped for run in listed):
                break
        if not listed:
            return None
        found = tuple(run for run in listed if run.head_branch == listing.branch)
        return RunListing(found, None if reaches_all else min(run.started_at for run in listed))

    def quota_of(self, installation_id: InstallationId) -> int | None:
        """Tell an installation's hourly quota of calls, where GitHub has said it."""
        return self._transport.limiter.quota_of(installation_id)

    def read_latest_runs(self, address: RepositoryAddress, etag: str | None) -> LatestRuns | None:
        """Read the 100 newest runs of a repository; None when they are those of `etag` still.

        GitHub does not count the call then (docs: Best practices for using the REST API).
        """
        path = f"/actions/runs?per_page={_PAGE}&exclude_pull_requests=true"
        answer = self._transport.call(
            _scope(address),
            "GET",
            repository_path(address.full_name, path),
            headers={"If-None-Match": etag} if etag is not None else {},
        )
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        shapes = decoded(answer, _runs).workflow_runs
        return LatestRuns(tuple(_own_runs(shapes, address)), answer.headers.get("etag"))

    def read_waiting_runs(self, address: RepositoryAddress) -> tuple[WorkflowRun, ...]:
        """Read the runs whose status is `waiting` now."""
        query = f"status={_WAITING}&per_page={_PAGE}&exclude_pull_requests=true"
        found: list[WorkflowRun] = []
        for answer in self._pages(address, f"/actions/runs?{query}"):
            found += _own_runs(decoded(answer, _runs).workflow_runs, address)
        return tuple(run for run in found if run.status == _WAITING)

    def read_jobs(self, address: RepositoryAddress, run_id: RunId) -> tuple[Job, ...]:
        """Read the executions of all jobs of a run, in all its attempts.

        Whether an attempt's own list holds the jobs that were not run again is told in both ways.
        """
        path = f"/actions/runs/{run_id}/jobs?filter=all&per_page={_PAGE}"
        found: list[Job] = []
        for answer in self._pages(address, path):
            found += [job_of(shape) for shape in decoded(answer, _jobs).jobs]
        return tuple(found)

    def read_artifacts(self, address: RepositoryAddress, run_id: RunId) -> tuple[int, ...]:
        """Read the ids of a run's artifacts that can still be opened, newest first, 100 at most."""
        answer = self._read(address, f"/actions/runs/{run_id}/artifacts?per_page={_PAGE}")
        shapes = decoded(answer, _artifacts).artifacts
        return tuple(it.id for it in shapes if not it.expired and it.is_of(address.repository_id))

    def read_pending_environments(
        self, address: RepositoryAddress, run_id: RunId
    ) -> Mapping[str, str]:
        """Read which environments of a run wait for any protection rule.

        By their folded names, each as GitHub spells it.
        """
        answer = self._read(address, f"/actions/runs/{run_id}/pending_deployments")
        names = [it.environment.name for it in decoded(answer, _pending)]
        return {environment_key(name): name for name in names}

    def read_rule_enabled(self, address: RepositoryAddress, environment: str) -> bool:
        """Say whether this App's protection rule is enabled on an environment."""
        path = f"/environments/{segment(environment)}/deployment_protection_rules"
        answer = self._found(address, path)
        if answer is None:
            return False
        own = self._own_id()
        rules = decoded(answer, _rules).custom_deployment_protection_rules
        return any(rule.enabled and rule.app.id == own for rule in rules)

    def _own_id(self) -> int:
        """Give the App's numeric id, which is asked for when the client id is configured."""
        if self._app_id is None:
            self._app_id = self.read_app().id
        return self._app_id

    def read_environments(self, address: RepositoryAddress) -> tuple[str, ...]:
        """List the environments of a repository; none when it cannot be seen."""
        names: list[str] = []
        try:
            for answer in self._pages(address, f"/environments?per_page={_PAGE}"):
                names += [shape.name for shape in decoded(answer, _environments).environments]
        except Refused as error:
            if error.reason != "not_found":
                raise
        return tuple(names)

    def read_repository(self, address: RepositoryAddress) -> Repository | None:
        """Read a repository's present name and default branch; None when it cannot be seen."""
        answer = self._found(address, "")
        if answer is None:
            return None
        found = repository_of(decoded(answer, _repository), address.installation_id)
        return found if found.id == address.repository_id else None

    def read_file(self, address: RepositoryAddress, question: FileQuestion) -> FileReading:
        """Read a file from the default branch of a repository."""
        return contents.read_file(self._transport, address, question)

    def read_folder(self, address: RepositoryAddress, folder: str) -> tuple[str, ...]:
        """List the files right in a folder on the default branch; none where there is none."""
        return contents.read_folder(self._transport, address, folder)

    def read_organization_file(
        self, installation_id: InstallationId, owner: Account, question: FileQuestion
    ) -> FileReading:
        """Read a file from the default branch of the owner's `.github` repository."""
        return contents.read_organization_file(self._transport, installation_id, owner, question)

    def read_collaborator(self, address: RepositoryAddress, person: Account) -> Collaborator | None:
        """Read what a person may do in a repository; None when the login is not theirs."""
        return people.read_collaborator(self._transport, address, person)

    def read_team_member(
        self, installation_id: InstallationId, *, organization: str, slug: str, login: str
    ) -> bool:
        """Say whether a login is an active member of a team."""
        return people.read_team_member(
            self._transport, installation_id, organization=organization, slug=slug, login=login
        )

    def read_required_reviewers(
        self, address: RepositoryAddress, environment: str
    ) -> tuple[RequiredReviewer, ...]:
        """List who must review an environment; nobody when it is not protected so."""
        return people.read_required_reviewers(self._transport, address, environment)

    def read_deployment_statuses(
        self, address: RepositoryAddress, deployment_id: DeploymentId
    ) -> tuple[DeploymentStatus, ...]:
        """Read the newest statuses of a deployment, newest first."""
        return notes.read_deployment_statuses(self._transport, address, deployment_id)

    def read_comments(
        self, address: RepositoryAddress, issue_number: int, since: datetime
    ) -> tuple[str, ...]:
        """Read what was written under an issue since a moment."""
        return notes.read_comments(self._transport, address, issue_number, since)

    def read_issue_text(self, address: RepositoryAddress, issue_number: int) -> str:
        """Read what an issue says now."""
        return issues.read_issue_text(self._transport, address, issue_number)

    def read_marked_issue(
        self, address: RepositoryAddress, mark: str, since: datetime
    ) -> IssuePage | None:
        """Find the issue of this App whose text has a mark, among those changed since a moment."""
        return issues.read_marked_issue(
            self._transport, address, mark=mark, since=since, app_id=self._app_id
        )

    def read_app(self) -> AppShape:
        """Read what the App is registered with."""
        return decoded(self._transport.call_as_app("GET", "/app"), _app)

    def read_time(self) -> datetime | None:
        """Read GitHub's clock, to the second; None when the answer does not tell it."""
        return time_of(self._transport.call_as_app("GET", "/app").headers)

    def read_hook_url(self) -> str:
        """Read where the App's webhook goes."""
        return decoded(self._transport.call_as_app("GET", "/app/hook/config"), _hook).url

    def read_installations(self) -> tuple[Installation, ...]:
        """List the installations of the App."""
        found: list[Installation] = []
        for answer in self._app_pages(f"/app/installations?per_page={_PAGE}"):
            for shape in decoded(answer, _installations):
                found += installations_of(shape)
        return tuple(found)

    def read_installation_repositories(self, installation: Installation) -> tuple[Repository, ...]:
        """List the repositories an installation may see."""
        scope = Scope(installation.id, permissions=_METADATA)
        ask = partial(self._transport.call, scope, "GET")
        found: list[Repository] = []
        for answer in self._transport.pages(ask, f"/installation/repositories?per_page={_PAGE}"):
            shapes = decoded(answer, _repositories).repositories
            found += [repository_of(shape, installation.id) for shape in shapes]
        return tuple(found)

    def read_hook_deliveries(self) -> Iterator[HookDelivery]:
        """Iterate GitHub's delivery log of the App's webhook, newest first, page by page."""
        for answer in self._app_pages(f"/app/hook/deliveries?per_page={_PAGE}"):
            for shape in decoded(answer, _deliveries):
                yield hook_delivery_of(shape)

    def send_redelivery(self, number: int) -> None:
        """Ask GitHub to deliver a webhook again, under the same delivery id.

        Asking twice does no harm, so a lost answer only means: ask later.
        """
        try:
            self._transport.call_as_app("POST", f"/app/hook/deliveries/{number}/attempts")
        except OutcomeUnknown as error:
            raise RetryLater("github_unavailable", error.detail) from error

    def send_review(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        environment: str,
        state: ReviewState,
        comment: str,
        *,
        is_timely: Callable[[], bool],
    ) -> None:
        """Answer for everything of ours that waits for this environment in this run."""
        body = {"environment_name": environment, "state": state.value, "comment": comment}
        self._send(address, run_id, body, is_timely)

    def send_report(
        self, address: RepositoryAddress, run_id: RunId, environment: str, comment: str
    ) -> None:
        """Post a status report; it answers nothing."""
        self._send(address, run_id, {"environment_name": environment, "comment": comment})

    def send_deployment_status(
        self,
        address: RepositoryAddress,
        deployment_id: DeploymentId,
        *,
        state: str,
        description: str,
        log_url: str,
    ) -> None:
        """Add a status to a deployment; no other deployment is touched."""
        notes.send_deployment_status(
            self._transport,
            address,
            deployment_id,
            state=state,
            description=description,
            log_url=log_url,
        )

    def send_comment(self, address: RepositoryAddress, issue_number: int, text: str) -> None:
        """Comment on an issue."""
        notes.send_comment(self._transport, address, issue_number, text)

    def send_issue(
        self, address: RepositoryAddress, *, title: str, body: str, labels: Sequence[str]
    ) -> IssuePage:
        """Open an issue."""
        return issues.send_issue(self._transport, address, title=title, body=body, labels=labels)

    def send_issue_update(
        self, address: RepositoryAddress, issue_number: int, *, title: str, body: str, is_open: bool
    ) -> None:
        """Change an issue, close it or open it again."""
        issues.send_issue_update(
            self._transport, address, issue_number, title=title, body=body, is_open=is_open
        )

    def send_reaction(
        self, address: RepositoryAddress, comment_id: CommentId, content: str
    ) -> None:
        """React to a comment."""
        notes.send_reaction(self._transport, address, comment_id, content)

    def _send(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        body: Mapping[str, object],
        is_timely: Callable[[], bool] | None = None,
    ) -> None:
        path = f"/actions/runs/{run_id}/deployment_protection_rule"
        answer = self._transport.call(
            _scope(address),
            "POST",
            repository_path(address.full_name, path),
            body=body,
            is_timely=is_timely,
        )
        if answer.status != HTTPStatus.NO_CONTENT:
            raise OutcomeUnknown("outcome_unknown", f"status {answer.status} is not documented")

    def _read(self, address: RepositoryAddress, path: str) -> Answer:
        return self._transport.call(
            _scope(address), "GET", repository_path(address.full_name, path)
        )

    def _found(self, address: RepositoryAddress, path: str) -> Answer | None:
        """Read, taking an absence for an answer."""
        try:
            return self._read(address, path)
        except Refused as error:
            if error.reason == "not_found":
                return None
            raise

    def _pages(self, address: RepositoryAddress, path: str) -> Iterator[Answer]:
        ask = partial(self._transport.call, _scope(address), "GET")
        return self._transport.pages(ask, repository_path(address.full_name, path))

    def _found_pages(self, address: RepositoryAddress, path: str) -> Iterator[Answer]:
        """Read page by page, taking an absence for no page."""
        try:
            yield from self._pages(address, path)
        except Refused as error:
            if error.reason != "not_found":
                raise

    def _app_pages(self, path: str) -> Iterator[Answer]:
        return self._transport.pages(partial(self._transport.call_as_app, "GET"), path)


def _scope(address: RepositoryAddress) -> Scope:
    """Give what watching and answering need on one repository: one token serves both."""
    return Scope(address.installation_id, address.repository_id, permissions=_GATE)


def _own_runs(shapes: Iterable[RunShape], address: RepositoryAddress) -> Iterator[WorkflowRun]:
    """Give the runs that are of the repository asked about.

    Any token reads what is public: under a name that was taken over, runs of strangers.
    """
    for shape in shapes:
        owner = shape.repository
        is_own = owner is None or owner.id == address.repository_id
        if is_own and shape.path is not None:
            yield run_of(shape, address.repository_id, address.full_name)
