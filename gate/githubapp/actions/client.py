"""Read workflow runs, their jobs and their artifacts.

A repository's name may have passed to another one since it was last seen, so that whatever tells
its repository is compared with the id that was asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Final

import msgspec

from gate.domain.model.github import LatestRuns, RepositoryAddress, RunListing
from gate.domain.model.ids import RunId, environment_key
from gate.domain.model.runs import Job, WorkflowRun
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import Refused
from gate.githubapp.actions.shapes import ArtifactsPage, JobsPage, PendingShape, RunsPage, job_of
from gate.githubapp.app.repository import GATE, RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.shapes.runs import RunShape, run_of
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import segment

_PAGE: Final = 100
_LISTED_PAGES: Final = 2
_WAITING: Final = "waiting"

_run: Final = msgspec.json.Decoder(RunShape)
_runs: Final = msgspec.json.Decoder(RunsPage)
_jobs: Final = msgspec.json.Decoder(JobsPage)
_artifacts: Final = msgspec.json.Decoder(ArtifactsPage)
_pending: Final = msgspec.json.Decoder(list[PendingShape])


class ActionsClient:
    """GitHub Actions, as far as the gate watches it."""

    def __init__(self, session: Session) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session

    def read_run(self, address: RepositoryAddress, run_id: RunId) -> WorkflowRun | None:
        """Read the newest attempt of a run; None when there is no such run."""
        return self._read_run(address, f"/actions/runs/{run_id}")

    def read_run_attempt(
        self, address: RepositoryAddress, run_id: RunId, attempt: int
    ) -> WorkflowRun | None:
        """Read one attempt of a run; None when there is no such attempt."""
        return self._read_run(address, f"/actions/runs/{run_id}/attempts/{attempt}")

    def _read_run(self, address: RepositoryAddress, path: str) -> WorkflowRun | None:
        answer = self._calls(address).find(path)
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
        for page in islice(self._found_pages(address, path), _LISTED_PAGES):
            own = _own_runs(page.workflow_runs, address)
            listed += (run for run in own if run.path == listing.path)
            reaches_all = len(page.workflow_runs) < _PAGE
            if any(run.head_branch == listing.branch and not run.is_skipped for run in listed):
                break
        if not listed:
            return None
        found = tuple(run for run in listed if run.head_branch == listing.branch)
        return RunListing(found, None if reaches_all else min(run.started_at for run in listed))

    def read_latest_runs(self, address: RepositoryAddress, etag: str | None) -> LatestRuns | None:
        """Read the 100 newest runs of a repository; None when they are those of `etag` still.

        GitHub does not count the call then (docs: Best practices for using the REST API).
        """
        path = f"/actions/runs?per_page={_PAGE}&exclude_pull_requests=true"
        headers = {"If-None-Match": etag} if etag is not None else {}
        answer = self._calls(address).read(path, headers=headers)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        shapes = decoded(answer, _runs).workflow_runs
        return LatestRuns(tuple(_own_runs(shapes, address)), answer.headers.get("etag"))

    def read_waiting_runs(self, address: RepositoryAddress) -> tuple[WorkflowRun, ...]:
        """Read the runs whose status is `waiting` now."""
        query = f"status={_WAITING}&per_page={_PAGE}&exclude_pull_requests=true"
        pages = self._calls(address).pages(f"/actions/runs?{query}", _runs)
        found = (run for page in pages for run in _own_runs(page.workflow_runs, address))
        return tuple(run for run in found if run.status == _WAITING)

    def read_jobs(self, address: RepositoryAddress, run_id: RunId) -> tuple[Job, ...]:
        """Read the executions of all jobs of a run, in all its attempts.

        Whether an attempt's own list holds the jobs that were not run again is told in both ways.
        """
        path = f"/actions/runs/{run_id}/jobs?filter=all&per_page={_PAGE}"
        pages = self._calls(address).pages(path, _jobs)
        return tuple(job_of(shape) for page in pages for shape in page.jobs)

    def read_artifacts(self, address: RepositoryAddress, run_id: RunId) -> tuple[int, ...]:
        """Read the ids of a run's artifacts that can still be opened, newest first, 100 at most."""
        answer = self._calls(address).read(f"/actions/runs/{run_id}/artifacts?per_page={_PAGE}")
        shapes = decoded(answer, _artifacts).artifacts
        return tuple(it.id for it in shapes if not it.expired and it.is_of(address.repository_id))

    def read_pending_environments(
        self, address: RepositoryAddress, run_id: RunId
    ) -> Mapping[str, str]:
        """Read which environments of a run wait for any protection rule.

        By their folded names, each as GitHub spells it.
        """
        answer = self._calls(address).read(f"/actions/runs/{run_id}/pending_deployments")
        names = [it.environment.name for it in decoded(answer, _pending)]
        return {environment_key(name): name for name in names}

    def _found_pages(self, address: RepositoryAddress, path: str) -> Iterator[RunsPage]:
        """Iterate runs page by page; no page when GitHub finds nothing there."""
        try:
            yield from self._calls(address).pages(path, _runs)
        except Refused as error:
            if error.reason != "not_found":
                raise

    def _calls(self, address: RepositoryAddress) -> RepositoryCalls:
        return RepositoryCalls.to(address, GATE, self._session)


def _own_runs(shapes: Iterable[RunShape], address: RepositoryAddress) -> Iterator[WorkflowRun]:
    """Iterate the runs that are of the repository asked about.

    Any token reads what is public: under a name that was taken over, runs of strangers.
    """
    for shape in shapes:
        owner = shape.repository
        is_own = owner is None or owner.id == address.repository_id
        if is_own and shape.path is not None:
            yield run_of(shape, address.repository_id, address.full_name)
