"""Put the client before a simulated GitHub, over HTTP; both go by one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.request import ReviewState
from gate.errors import GateError
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.support.keys import make_key_pair

ORGANIZATION: Final = "octo-org"
REPOSITORY: Final = "octo-org/frontend"
ENVIRONMENT: Final = "production-frontend"
VALIDATION: Final = ".github/workflows/production-validation.yml"
PERMISSIONS: Final = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "pull_requests": "read",
}
HOOK_URL: Final = "http://127.0.0.1:9/webhooks/github"
MINT: Final = "/app/installations/{installation_id}/access_tokens"
REVIEW: Final = "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule"


@dataclass(frozen=True)
class Stage:
    """One App on one repository with one gated environment, and a client for it."""

    github: SimulatedGitHub
    url: str
    client: GitHubClients
    app_id: int
    address: RepositoryAddress

    def calls(self, route: str | None = None, *, status: int | None = None) -> int:
        """Count the calls GitHub got, of one route or of all."""
        return sum(
            route in {None, it.route} and status in {None, it.status}
            for it in self.github.requests()
        )

    def advance(self, **by: float) -> None:
        """Let time pass for both sides."""
        seconds = by.get("seconds", 0) + 60 * by.get("minutes", 0) + 3600 * by.get("hours", 0)
        self.github.advance(seconds)

    def deploy(self) -> RunId:
        """Start a run that waits at the environment."""
        return RunId(self.github.deploy(REPOSITORY, ENVIRONMENT).run_id)

    def address_of(self, full_name: str) -> RepositoryAddress:
        """Make one more repository of the installation."""
        repository_id = self.github.create_repository(full_name, self.address.installation_id)
        return RepositoryAddress(
            self.address.installation_id, RepositoryId(repository_id), full_name
        )


@contextmanager
def staged(*, root: str = "", timeout: int = 30, client_id: str | None = None) -> Iterator[Stage]:
    """Serve a simulated GitHub while the context lasts; `root` makes it an Enterprise Server."""
    private, public = make_key_pair()
    github = SimulatedGitHub()
    # Nobody listens: deliveries go to the log alone.
    github.add_webhook_fault(WebhookFault("drop"))
    with serve(github, root=root) as url:
        app_id = github.register_app(
            public_key_pem=public,
            webhook_secret="a secret of the tests",
            webhook_url=HOOK_URL,
            permissions=PERMISSIONS,
            events_wanted=["push", "workflow_run"],
            client_id=client_id,
        )
        installation_id = github.create_installation(ORGANIZATION)
        repository_id = github.create_repository(REPOSITORY, installation_id)
        github.protect_environment(REPOSITORY, ENVIRONMENT)
        github.reset_totals()
        address = RepositoryAddress(
            InstallationId(installation_id), RepositoryId(repository_id), REPOSITORY
        )
        credentials = AppCredentials(client_id or str(app_id), private, github.world.clock)
        client = GitHubClients.connect(url, credentials, github.world.clock, timeout=timeout)
        try:
            yield Stage(github, url, client, app_id, address)
        finally:
            client.close()


def read(stage: Stage, run_id: RunId) -> object:
    """Read a run."""
    return stage.client.actions.read_run(stage.address, run_id)


def write(stage: Stage, run_id: RunId) -> object:
    """Answer for a run."""
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    return None


def failure(
    stage: Stage, fault: Fault, call: Callable[[Stage, RunId], object]
) -> tuple[GateError, RunId]:
    """Return the error that a call ends with while a fault is in force."""
    run_id = stage.deploy()
    stage.client.contents.read_repository(stage.address)
    stage.github.add_fault(fault)
    with pytest.raises(GateError) as caught:
        call(stage, run_id)
    return caught.value, run_id
