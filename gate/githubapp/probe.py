"""Read from GitHub what the service itself never asks, for the experiments of `gate.probe`.

Never a write. What the service asks is in the clients of `gate.githubapp.clients`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gate.clock import Clock
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.runs import Job, WorkflowRun
from gate.githubapp.actions.shapes import JobsPage, RunsPage, job_of
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.repository import RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes.installations import InstallationShape
from gate.githubapp.shapes.repositories import RepositoryShape
from gate.githubapp.shapes.runs import run_of
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import repository_path, segment

_PAGE: Final = 100
_READS: Final = (("actions", "read"), ("contents", "read"), ("deployments", "read"))
_METADATA: Final = (("metadata", "read"),)

_installation: Final = msgspec.json.Decoder(InstallationShape)
_repository: Final = msgspec.json.Decoder(RepositoryShape)
_runs: Final = msgspec.json.Decoder(RunsPage)
_jobs: Final = msgspec.json.Decoder(JobsPage)


class Prober:
    """Readings for experiments; its tokens could not write if it tried to."""

    def __init__(self, api_url: str, credentials: AppCredentials, clock: Clock) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = Session(api_url, credentials, clock)

    def close(self) -> None:
        """Hang up on GitHub."""
        self._session.close()

    def find(self, full_name: str) -> tuple[RepositoryAddress, str | None]:
        """Find a repository and its default branch.

        Raises Refused("not_found") where the App is not installed on it.
        """
        path = repository_path(full_name, "/installation")
        shape = decoded(self._session.call_as_app("GET", path), _installation)
        name = full_name.partition("/")[2]
        scope = Scope(InstallationId(shape.id), repository_name=name, permissions=_METADATA)
        answer = RepositoryCalls(self._session, scope, full_name).read("")
        found = decoded(answer, _repository)
        address = RepositoryAddress(
            InstallationId(shape.id), RepositoryId(found.id), found.full_name
        )
        return address, found.default_branch

    def has_environment(self, address: RepositoryAddress, name: str) -> bool:
        """Return whether GitHub finds the rules of an environment spelled like this."""
        path = f"/environments/{segment(name)}/deployment_protection_rules"
        return self._calls(address).find(path) is not None

    def list_runs(
        self, address: RepositoryAddress, *, workflow: str | None = None, query: str = ""
    ) -> tuple[WorkflowRun, ...]:
        """List the 100 newest runs of a repository or of one workflow file, filtered by `query`.

        A file that has never run is not known to GitHub: there are none of it.
        """
        below = "" if workflow is None else f"/workflows/{segment(workflow)}"
        path = f"/actions{below}/runs?per_page={_PAGE}{f'&{query}' if query else ''}"
        answer = self._calls(address).find(path)
        if answer is None:
            return ()
        shapes = decoded(answer, _runs).workflow_runs
        return tuple(
            run_of(it, address.repository_id, address.full_name)
            for it in shapes
            if it.path is not None
        )

    def list_jobs(
        self, address: RepositoryAddress, run_id: RunId, *, attempt: int | None = None
    ) -> tuple[Job, ...]:
        """List the jobs of one attempt of a run as GitHub does, or those of all its attempts."""
        path = f"/actions/runs/{run_id}/jobs?filter=all&per_page={_PAGE}"
        if attempt is not None:
            path = f"/actions/runs/{run_id}/attempts/{attempt}/jobs?per_page={_PAGE}"
        pages = self._calls(address).pages(path, _jobs)
        return tuple(job_of(it) for page in pages for it in page.jobs)

    def _calls(self, address: RepositoryAddress) -> RepositoryCalls:
        return RepositoryCalls.to(address, _READS, self._session)
