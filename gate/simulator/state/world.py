"""Everything the simulated GitHub knows, with the indexes to find it.

The world is passive: `runs`, `gates` and the commands change it, `shapes` describe it. It is
guarded by the lock of `gate.simulator.github.SimulatedGitHub`, which alone owns a world.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gate.simulator.clock import MovableClock
from gate.simulator.errors import Impossible, NoSuchThing
from gate.simulator.state.accounts import (
    Account,
    AccountType,
    App,
    Installation,
    Registration,
    Team,
)
from gate.simulator.state.deployments import Deployment
from gate.simulator.state.records import ReviewRecord
from gate.simulator.state.repositories import Environment, Repository
from gate.simulator.state.runs import Job, PendingJob, Run
from gate.simulator.switches import Switches

Json = dict[str, Any]

# GitHub's ids of today: large enough that a client that keeps them in 32 bits fails here too.
FIRST_IDS = {
    "account": 60_000_001,
    "app": 900_001,
    "artifact": 4_200_000_001,
    "check_suite": 45_000_000_001,
    "comment": 3_300_000_001,
    "deployment": 2_900_000_001,
    "deployment_status": 7_900_000_001,
    "environment": 9_100_000_001,
    "hook": 510_000_001,
    "installation": 95_000_001,
    "issue": 3_600_000_001,
    "job": 48_000_000_001,
    "label": 8_100_000_001,
    "protection_rule": 38_000_001,
    "repository": 910_000_001,
    "run": 17_000_000_001,
    "team": 12_000_001,
    "workflow": 150_000_001,
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A webhook that is to be delivered to one App."""

    app: App
    event: str
    action: str | None
    payload: Json
    installation_id: int | None
    repository_id: int | None


def discard(outgoing: Outgoing) -> None:
    """Deliver nothing; what a world does before it has a listener."""


@dataclass
class World:
    """The state of one simulated GitHub."""

    clock: MovableClock
    switches: Switches
    web_url: str
    api_url: str
    post: Callable[[Outgoing], None] = discard
    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    repository_names: dict[str, int] = field(default_factory=dict)
    former_names: dict[str, int] = field(default_factory=dict)
    teams: dict[tuple[str, str], Team] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    jobs: dict[int, tuple[Run, Job]] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    waiting_run_ids: set[int] = field(default_factory=set)
    reviews: list[ReviewRecord] = field(default_factory=list)
    review_windows: dict[tuple[int, int], float] = field(default_factory=dict)
    latency: float = 0.0
    muted_but: frozenset[str] | None = None
    shape_cache: dict[tuple[str, int], Json] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=lambda: defaultdict(int, FIRST_IDS))

    def now(self) -> datetime:
        """Read the simulation's clock."""
        return self.clock()

    def new_id(self, kind: str) -> int:
        """Take the next id of a kind; ids grow and are never reused."""
        taken = self._ids[kind]
        self._ids[kind] = taken + 1
        return taken

    def account(self, login: str, account_type: AccountType = "User") -> Account:
        """Find an account by login, whatever its case, or create it."""
        found = self.accounts.get(login.lower())
        if found is None:
            found = Account(self.new_id("account"), login, account_type)
            self.accounts[login.lower()] = found
        return found

    def app(self, app_id: int | None = None) -> App:
        """Find an App; without an id the only one there is."""
        if app_id is None:
            if len(self.apps) != 1:
                raise NoSuchThing(f"{len(self.apps)} Apps are registered: say which one is meant")
            return next(iter(self.apps.values()))
        if app_id not in self.apps:
            raise NoSuchThing(f"no App {app_id}")
        return self.apps[app_id]

    def installation(self, installation_id: int) -> Installation:
        """Find an installation by id."""
        if installation_id not in self.installations:
            raise NoSuchThing(f"no installation {installation_id}")
        return self.installations[installation_id]

    def repository(self, name: str | int) -> Repository:
        """Find a repository by id or by its present full name."""
        found = name if isinstance(name, int) else self.repository_names.get(name.lower())
        if found is None or found not in self.repositories:
            raise NoSuchThing(f"no repository {name}")
        return self.repositories[found]

    def run(self, run_id: int) -> Run:
        """Find a workflow run by id."""
        if run_id not in self.runs:
            raise NoSuchThing(f"no workflow run {run_id}")
        return self.runs[run_id]

    def repository_of(self, run: Run) -> Repository:
        """Return the repository a run belongs to."""
        return self.repositories[run.repository_id]

    def deployment_of(self, gate: PendingJob) -> Deployment | None:
        """Return the deployment of a job at an environment, if it has one."""
        return None if gate.deployment_id is None else self.deployments[gate.deployment_id]

    def team(self, organization: str, slug: str) -> Team:
        """Find a team of an organization, or create it."""
        key = (organization.lower(), slug.lower())
        if key not in self.teams:
            self.teams[key] = Team(self.new_id("team"), organization, slug)
        return self.teams[key]

    def environment(self, repository: Repository, name: str) -> Environment:
        """Find an environment, or create it unprotected, as Actions does for a job."""
        found = repository.environments.get(name.lower())
        if found is None:
            now = self.now()
            found = Environment(self.new_id("environment"), name, now, now)
            repository.environments[name.lower()] = found
        return found

    def job(self, run: Run, name: str | int) -> Job:
        """Find a job of the latest attempt by name or id."""
        for job in run.attempt.jobs:
            if name in (job.name, job.id):
                return job
        raise NoSuchThing(f"no job {name} in run {run.id}, attempt {run.attempt.number}")

    def covering(self, repository: Repository) -> Iterator[Installation]:
        """List the installations, suspended ones too, that include a repository."""
        for installation in self.installations.values():
            if repository.id in installation.repository_ids:
                yield installation

    def installation_for(self, app_id: int, repository: Repository) -> Installation | None:
        """Find the installation of one App that includes a repository."""
        for installation in self.covering(repository):
            if installation.app_id == app_id:
                return installation
        return None

    def forget_shape(self, repository: Repository) -> None:
        """Drop what was cached of a repository after it changed."""
        for kind in ("repository", "minimal_repository"):
            self.shape_cache.pop((kind, repository.id), None)

    def role(self, repository: Repository, account: Account) -> str:
        """Return a user's role on a repository; the owner is its administrator."""
        if account.login.lower() == repository.owner.login.lower():
            return "admin"
        return repository.roles.get(account.login.lower(), "read" if not repository.private else "")

    def require(self, condition: object, message: str) -> None:
        """Refuse a command that GitHub would not let happen."""
        if not condition:
            raise Impossible(message)

    def sha(self, *parts: object) -> str:
        """Make a commit or blob name that depends on `parts` alone."""
        text = "\0".join(str(part) for part in parts)
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
