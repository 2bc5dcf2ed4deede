"""Connect the clients of GitHub's subjects to one session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gate.clock import Clock
from gate.githubapp.actions.client import ActionsClient
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.client import AppClient
from gate.githubapp.app.session import Session
from gate.githubapp.checks import ChecksClient
from gate.githubapp.contents import ContentsClient
from gate.githubapp.deployments import DeploymentsClient
from gate.githubapp.issues import IssuesClient
from gate.githubapp.people import PeopleClient
from gate.githubapp.pull_requests import PullRequestsClient
from gate.githubapp.transport.limiter import Limiter
from gate.githubapp.transport.transport import TIMEOUT
from gate.traces.port import NO_TRACES, Traces


@dataclass(frozen=True, slots=True)
class GitHubClients:
    """One client for each subject, all safe to share between threads."""

    session: Session
    app: AppClient
    actions: ActionsClient
    deployments: DeploymentsClient
    contents: ContentsClient
    people: PeopleClient
    issues: IssuesClient
    pull_requests: PullRequestsClient
    checks: ChecksClient

    @classmethod
    def connect(
        cls,
        api_url: str,
        credentials: AppCredentials,
        clock: Clock,
        *,
        timeout: int = TIMEOUT,
        traces: Traces = NO_TRACES,
        limiter: Limiter | None = None,
    ) -> Self:
        """Build the clients; nothing is called before it is needed. `timeout` is in seconds.

        Without a `limiter` the calls are limited as if no other process made any.
        """
        session = Session(
            api_url, credentials, clock, timeout=timeout, traces=traces, limiter=limiter
        )
        app = AppClient(session)
        return cls(
            session=session,
            app=app,
            actions=ActionsClient(session),
            deployments=DeploymentsClient(session, app),
            contents=ContentsClient(session),
            people=PeopleClient(session),
            issues=IssuesClient(session, app),
            pull_requests=PullRequestsClient(session),
            checks=ChecksClient(session, app),
        )

    def close(self) -> None:
        """Hang up on GitHub."""
        self.session.close()
