"""A simulated GitHub with one App, one organization and one repository, and a hook that listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gate.demo.key_pair import generate_key_pair
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from gate.simulator.switches import Switches
from tests.support.webhook_receiver import Hook, listening

REPOSITORY = "octo-org/frontend"
ENVIRONMENT = "production-frontend"
SECRET = "It's a Secret to Everybody"
PERMISSIONS = {
    "actions": "write",
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "read",
}
EVENTS = [
    "check_run",
    "check_suite",
    "deployment",
    "deployment_protection_rule",
    "deployment_review",
    "deployment_status",
    "issue_comment",
    "issues",
    "pull_request",
    "push",
    "workflow_run",
]


@dataclass(frozen=True)
class KeyPair:
    private: str
    public: str
    key: RSAPrivateKey


def make_key_pair() -> KeyPair:
    """Make a key pair as GitHub does for an App."""
    private, public = generate_key_pair()
    key = load_pem_private_key(private.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return KeyPair(private, public, key)


@pytest.fixture(scope="session")
def keys() -> KeyPair:
    """The App's key pair."""
    return make_key_pair()


@pytest.fixture(scope="session")
def other_keys() -> KeyPair:
    """The key pair of another App."""
    return make_key_pair()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    json: Any


@dataclass
class Story:
    """The simulation and everything a test needs to talk to it as an App."""

    github: SimulatedGitHub
    url: str
    keys: KeyPair
    hook: Hook
    app_id: int
    installation_id: int
    repository_id: int
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=5)
    )

    def jwt(self, **changes: Any) -> str:
        now = self.github.world.now()
        claims = {
            "iss": str(self.app_id),
            "iat": int(now.timestamp()) - 60,
            "exp": int(now.timestamp()) + 300,
        }
        return jwt.encode(claims | changes, self.keys.key, algorithm="RS256")

    def token(self, installation_id: int | None = None, **narrowed: Any) -> str:
        path = f"/app/installations/{installation_id or self.installation_id}/access_tokens"
        answer = self.call("POST", path, narrowed, self.jwt())
        assert answer.status == 201, answer.json
        token: str = answer.json["token"]
        return token

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        """Make one request; without a token nobody is authenticated."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        response = self.http.request(
            method, self.url + path, json=body, headers=sent, redirect=False
        )
        kind = response.headers.get("content-type", "")
        decoded = response.json() if kind.startswith("application/json") and response.data else None
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            response.data,
            decoded,
        )

    def review(
        self,
        run_id: int,
        state: str | None = None,
        comment: str | None = None,
        environment: str = ENVIRONMENT,
        token: str | None = None,
    ) -> Answer:
        """Review a run: decide with a state, report without."""
        body = {"environment_name": environment}
        if state is not None:
            body["state"] = state
        if comment is not None:
            body["comment"] = comment
        path = f"/repos/{REPOSITORY}/actions/runs/{run_id}/deployment_protection_rule"
        return self.call("POST", path, body, token or self.token())

    def approvals(self, run_id: int) -> list[tuple[str, str, str]]:
        """Read the review history as (state, login, comment)."""
        path = f"/repos/{REPOSITORY}/actions/runs/{run_id}/approvals"
        listed = self.call("GET", path, token=self.token()).json
        return [(each["state"], each["user"]["login"], each["comment"]) for each in listed]

    def switch(self, **positions: Any) -> None:
        """Turn some switches."""
        self.github.set_switches(Switches(**positions))

    def delivered(self, event: str, action: str | None = None) -> list[dict[str, Any]]:
        """Wait until everything is delivered, and list the payloads of an event."""
        assert self.github.wait_until_delivered()
        return self.hook.of(event, action)


@contextmanager
def telling(keys: KeyPair) -> Iterator[Story]:
    """Serve a simulated GitHub, with an App on one repository with one environment."""
    github = SimulatedGitHub(webhook_timeout=2.0)
    with listening() as hook, serve(github) as url:
        app_id = github.register_app(
            public_key_pem=keys.public,
            webhook_secret=SECRET,
            webhook_url=hook.url,
            permissions=PERMISSIONS,
            events_wanted=EVENTS,
        )
        installation_id = github.create_installation("octo-org")
        repository_id = github.create_repository(REPOSITORY, installation_id)
        github.protect_environment(REPOSITORY, ENVIRONMENT)
        assert github.wait_until_delivered()
        hook.received.clear()
        made = Story(github, url, keys, hook, app_id, installation_id, repository_id)
        yield made
        made.http.clear()


@pytest.fixture
def story(keys: KeyPair) -> Iterator[Story]:
    """A simulated GitHub of the test's own."""
    with telling(keys) as told:
        yield told
