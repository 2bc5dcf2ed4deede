"""Ask GitHub the gate's questions and send its answers.

Fulfils the port `gate.reconciler.ports.GitHub`. Paths are built here from checked parts, never
taken from a payload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from gate.clock import Clock
from gate.domain.deliveries import Repository
from gate.domain.github import (
    FileAbsent,
    FileFound,
    FileReading,
    FileUnchanged,
    HookDelivery,
    Installation,
    Place,
)
from gate.domain.ids import DeliveryId, InstallationId, RunId, environment_key
from gate.domain.missing import ListingNeeded
from gate.domain.request import ReviewState
from gate.domain.runs import Job, WorkflowRun
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.githubapp.auth import AppCredentials, Scope
from gate.githubapp.reading import account_of, job_of, repository_of, run_of
from gate.githubapp.shapes import (
    AppShape,
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
from gate.githubapp.transport import Answer, Transport

T = TypeVar("T")

_PAGE: Final = 100
_MOST_PAGES: Final = 20
_LISTED: Final = 30
_LONGEST_FILE: Final = 256 * 1024
_RAW: Final = "application/vnd.github.raw+json"
_PERMISSIONS: Final = (("actions", "read"), ("contents", "read"), ("deployments", "write"))
_CONTENTS: Final = (("contents", "read"),)
_METADATA: Final = (("metadata", "read"),)
_NEXT_CURSOR: Final = re.compile(r'[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"')

_app: Final = msgspec.json.Decoder(AppShape)
_hook: Final = msgspec.json.Decoder(HookConfigShape)
_run: Final = msgspec.json.Decoder(RunShape)
_runs: Final = msgspec.json.Decoder(RunsPage)
_jobs: Final = msgspec.json.Decoder(JobsPage)
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
        self, api_url: str, credentials: AppCredentials, clock: Clock, *, timeout: int = 15
    ) -> None:
        """Prepare; nothing is called before it is needed. `timeout` is in seconds."""
        self._transport = Transport(api_url, credentials, clock, timeout=timeout)
        self._app_id: int | None = None

    @property
    def quota_left(self) -> Mapping[int | None, int]:
        """Tell what is left of each installation's hourly quota."""
        return self._transport.limiter.quota_left()

    def read_run(self, place: Place, run_id: RunId) -> WorkflowRun | None:
        """Read the newest attempt of a run; None when there is no such run."""
        return self._read_run(place, f"/actions/runs/{run_id}")

    def read_run_attempt(self, place: Place, run_id: RunId, attempt: int) -> WorkflowRun | None:
        """Read one attempt of a run; None when there is no such attempt."""
        return self._read_run(place, f"/actions/runs/{run_id}/attempts/{attempt}")

    def _read_run(self, place: Place, path: str) -> WorkflowRun | None:
        answer = self._found(place, path)
        return run_of(answer.decoded(_run), place.repository_id) if answer is not None else None

    def read_runs(self, place: Place, listing: ListingNeeded) -> tuple[WorkflowRun, ...]:
        """Read the newest runs of a workflow file; empty when the file is unknown.

        The query is lost in the redirect of a renamed repository, so the branch is checked again.
        """
        query = {"per_page": str(_LISTED)}
        if listing.branch is not None:
            query["branch"] = listing.branch
        file = quote(listing.path.rpartition("/")[2], safe="")
        answer = self._found(place, f"/actions/workflows/{file}/runs?{urlencode(query)}")
        if answer is None:
            return ()
        shapes = answer.decoded(_runs).workflow_runs
        return tuple(
            run_of(shape, place.repository_id)
            for shape in shapes
            if listing.branch is None or shape.head_branch == listing.branch
        )

    def read_waiting_runs(self, place: Place) -> tuple[WorkflowRun, ...]:
        """Read the runs whose status is `waiting` now."""
        answer = self._read(place, f"/actions/runs?status=waiting&per_page={_PAGE}")
        shapes = answer.decoded(_runs).workflow_runs
        return tuple(
            run_of(shape, place.repository_id) for shape in shapes if shape.status == "waiting"
        )

    def read_jobs(self, place: Place, run_id: RunId, attempt: int) -> tuple[Job, ...]:
        """Read all jobs of one run attempt."""
        jobs: list[Job] = []
        for page in range(1, _MOST_PAGES + 1):
            path = f"/actions/runs/{run_id}/attempts/{attempt}/jobs?per_page={_PAGE}&page={page}"
            shape = self._read(place, path).decoded(_jobs)
            jobs += [job_of(job) for job in shape.jobs]
            if len(jobs) >= shape.total_count or not shape.jobs:
                break
        return tuple(jobs)

    def read_pending_environments(self, place: Place, run_id: RunId) -> frozenset[str]:
        """Read which environments (folded names) of a run wait for any protection rule."""
        answer = self._read(place, f"/actions/runs/{run_id}/pending_deployments")
        return frozenset(environment_key(it.environment.name) for it in answer.decoded(_pending))

    def read_rule_enabled(self, place: Place, environment: str) -> bool:
        """Say whether this App's protection rule is enabled on an environment."""
        name = quote(environment, safe="")
        answer = self._found(place, f"/environments/{name}/deployment_protection_rules")
        if answer is None:
            return False
        rules = answer.decoded(_rules).custom_deployment_protection_rules
        own = self._own_id()
        return any(rule.enabled and rule.app.id == own for rule in rules)

    def _own_id(self) -> int:
        """Give the App's numeric id; it may be configured by its client id."""
        if self._app_id is None:
            self._app_id = self.read_app().id
        return self._app_id

    def read_app(self) -> AppShape:
        """Read what the App is registered with."""
        return self._transport.call_as_app("GET", "/app").decoded(_app)

    def read_time(self) -> datetime | None:
        """Read GitHub's clock, to the second; None when the answer does not tell it."""
        answer = self._transport.call_as_app("GET", "/app")
        try:
            return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
        except ValueError:
            return None

    def read_hook_url(self) -> str:
        """Read where the App's webhook goes."""
        return self._transport.call_as_app("GET", "/app/hook/config").decoded(_hook).url

    def read_environments(self, place: Place) -> tuple[str, ...]:
        """List the environments of a repository."""
        answer = self._found(place, f"/environments?per_page={_PAGE}")
        if answer is None:
            return ()
        return tuple(shape.name for shape in answer.decoded(_environments).environments)

    def read_repository(self, place: Place) -> Repository | None:
        """Read a repository's present name and default branch; None when it cannot be seen."""
        answer = self._found(place, "")
        if answer is None:
            return None
        return repository_of(answer.decoded(_repository), place.installation_id)

    def read_file(self, place: Place, path: str, etag: str | None) -> FileReading:
        """Read a file from the default branch of a repository."""
        return self._read_file(
            _scope(place), f"/repos/{place.full_name}/contents/{quote(path)}", etag
        )

    def read_organization_file(
        self, installation_id: InstallationId, owner: str, path: str, etag: str | None
    ) -> FileReading:
        """Read a file from the default branch of the owner's `.github` repository.

        Absent, too, when the App is not installed on that repository: GitHub then mints no token.
        """
        scope = Scope(installation_id, repository_name=".github", permissions=_CONTENTS)
        path = f"/repos/{quote(owner, safe='')}/.github/contents/{quote(path)}"
        try:
            return self._read_file(scope, path, etag)
        except Refused as error:
            if error.reason in {"not_found", "unprocessable"}:
                return FileAbsent()
            raise

    def _read_file(self, scope: Scope, path: str, etag: str | None) -> FileReading:
        headers = {"Accept": _RAW} | ({"If-None-Match": etag} if etag is not None else {})
        try:
            answer = self._transport.call(scope, "GET", path, headers=headers)
        except Refused as error:
            if error.reason == "not_found":
                return FileAbsent()
            raise
        if answer.status == 304:  # noqa: PLR2004 - the one status that matters here
            return FileUnchanged()
        content = answer.body.encode()
        if len(content) > _LONGEST_FILE:
            raise Refused("too_large", f"{path} is larger than {_LONGEST_FILE} bytes")
        return FileFound(content, answer.headers.get("etag"))

    def read_installations(self) -> tuple[Installation, ...]:
        """List the installations of the App."""
        found: list[Installation] = []
        for page in range(1, _MOST_PAGES + 1):
            path = f"/app/installations?per_page={_PAGE}&page={page}"
            shapes = self._transport.call_as_app("GET", path).decoded(_installations)
            found += [
                Installation(
                    InstallationId(shape.id),
                    account_of(shape.account),
                    suspended=shape.suspended_at is not None,
                )
                for shape in shapes
            ]
            if len(shapes) < _PAGE:
                break
        return tuple(found)

    def read_installation_repositories(self, installation: Installation) -> tuple[Repository, ...]:
        """List the repositories an installation may see."""
        scope = Scope(installation.id, permissions=_METADATA)
        found: list[Repository] = []
        for page in range(1, _MOST_PAGES + 1):
            path = f"/installation/repositories?per_page={_PAGE}&page={page}"
            shape = self._transport.call(scope, "GET", path).decoded(_repositories)
            found += [repository_of(it, installation.id) for it in shape.repositories]
            if len(found) >= shape.total_count or not shape.repositories:
                break
        return tuple(found)

    def read_hook_deliveries(self) -> Iterator[HookDelivery]:
        """Iterate GitHub's delivery log of the App's webhook, newest first, page by page.

        A delivery succeeded when its status is `OK`; a time-out has no reliable status code
        (docs: Handling failed webhook deliveries).
        """
        cursor = ""
        for _ in range(_MOST_PAGES):
            path = f"/app/hook/deliveries?per_page={_PAGE}{cursor}"
            answer = self._transport.call_as_app("GET", path)
            for shape in answer.decoded(_deliveries):
                yield HookDelivery(
                    number=shape.id,
                    delivery_id=DeliveryId(shape.guid),
                    delivered_at=shape.delivered_at,
                    succeeded=shape.status == "OK",
                    event=shape.event,
                )
            following = _NEXT_CURSOR.search(answer.headers.get("link", ""))
            if following is None:
                return
            cursor = f"&cursor={following.group(1)}"

    def send_redelivery(self, number: int) -> None:
        """Ask GitHub to deliver a webhook again, under the same delivery id.

        Asking twice does no harm, so a lost answer only means: ask later.
        """
        try:
            self._transport.call_as_app("POST", f"/app/hook/deliveries/{number}/attempts")
        except OutcomeUnknown as error:
            raise RetryLater("github_unavailable", error.detail) from error

    def send_review(
        self, place: Place, run_id: RunId, environment: str, state: ReviewState, comment: str
    ) -> None:
        """Answer for everything of ours that waits for this environment in this run."""
        body = {"environment_name": environment, "state": state.value, "comment": comment}
        self._send(place, run_id, body)

    def send_report(self, place: Place, run_id: RunId, environment: str, comment: str) -> None:
        """Post a status report; it answers nothing."""
        self._send(place, run_id, {"environment_name": environment, "comment": comment})

    def _send(self, place: Place, run_id: RunId, body: Mapping[str, object]) -> None:
        path = f"/repos/{place.full_name}/actions/runs/{run_id}/deployment_protection_rule"
        self._transport.call(_scope(place), "POST", path, body=body)

    def _read(self, place: Place, path: str) -> Answer:
        return self._transport.call(_scope(place), "GET", f"/repos/{place.full_name}{path}")

    def _found(self, place: Place, path: str) -> Answer | None:
        """Read, taking an absence for an answer."""
        try:
            return self._read(place, path)
        except Refused as error:
            if error.reason == "not_found":
                return None
            raise


def _scope(place: Place) -> Scope:
    """Give what the gate needs on one repository: one token serves every call about it."""
    return Scope(place.installation_id, place.repository_id, permissions=_PERMISSIONS)
