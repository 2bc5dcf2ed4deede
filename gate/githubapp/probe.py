"""Ask GitHub what the service itself never asks, to see how it behaves. Reads only."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec

from gate.clock import Clock
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.runs import Job, WorkflowRun
from gate.errors import Refused
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.tokens import Scope
from gate.githubapp.reading import job_of, run_of
from gate.githubapp.shapes import InstallationShape, JobsPage, RepositoryShape, RunsPage
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path, segment
from gate.githubapp.transport.transport import Transport, decoded

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
        self._transport = Transport(api_url, credentials, clock)

    def close(self) -> None:
        """Hang up on GitHub."""
        self._transport.close()

    def find(self, full_name: str) -> tuple[RepositoryAddress, str | None]:
        """Find a repository and its default branch.

        Raises Refused("not_found") where the App is not installed on it.
        """
        path = repository_path(full_name, "/installation")
        shape = decoded(self._transport.call_as_app("GET", path), _installation)
        name = full_name.partition("/")[2]
        scope = Scope(InstallationId(shape.id), repository_name=name, permissions=_METADATA)
        answer = self._transport.call(scope, "GET", repository_path(full_name, ""))
        found = decoded(answer, _repository)
        address = RepositoryAddress(
            InstallationId(shape.id), RepositoryId(found.id), found.full_name
        )
        return address, found.default_branch

    def has_environment(self, address: RepositoryAddress, name: str) -> bool:
        """Say whether GitHub finds the rules of an environment spelled like this."""
        path = f"/environments/{segment(name)}/deployment_protection_rules"
        try:
            return self._read(address, path).status == HTTPStatus.OK
        except Refused as error:
            if error.reason != "not_found":
                raise
            return False

    def list_runs(
        self, address: RepositoryAddress, *, workflow: str | None = None, query: str = ""
    ) -> tuple[WorkflowRun, ...]:
        """List the 100 newest runs of a repository or of one workflow file, filtered by `query`.

        A file that has never run is not known to GitHub: there are none of it.
        """
        below = "" if workflow is None else f"/workflows/{segment(workflow)}"
        path = f"/actions{below}/runs?per_page={_PAGE}{f'&{query}' if query else ''}"
        try:
            shapes = decoded(self._read(address, path), _runs).workflow_runs
        except Refused as error:
            if error.reason != "not_found":
                raise
            return ()
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
        ask = partial(self._transport.call, _scope(address), "GET")
        pages = self._transport.pages(ask, repository_path(address.full_name, path))
        return tuple(job_of(it) for page in pages for it in decoded(page, _jobs).jobs)

    def _read(self, address: RepositoryAddress, path: str) -> Answer:
        return self._transport.call(
            _scope(address), "GET", repository_path(address.full_name, path)
        )


def _scope(address: RepositoryAddress) -> Scope:
    return Scope(address.installation_id, address.repository_id, permissions=_READS)
