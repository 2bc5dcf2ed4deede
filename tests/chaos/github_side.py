"""What people, workflows and GitHub itself do during a run, and what GitHub has on record after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.manifest import load_manifest
from gate.simulator.errors import SimulatorError
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from gate.simulator.state.records import RunView
from tests.chaos.records import (
    Deployment,
    EndedBy,
    HumanReview,
    RefusedReview,
    Review,
    Told,
    Validation,
    Written,
)
from tests.chaos.seeds import REPOSITORIES, REVIEWED
from tests.chaos.steps import (
    BeginValidation,
    Bypass,
    Cancel,
    CommentOverride,
    Deploy,
    EndValidation,
    LateJob,
    Load,
    Override,
    Rerun,
    Validate,
)
from tests.support.harness import ENVIRONMENT, SECRET
from tests.support.keys import make_key_pair

OWNER: Final = "octo-org"
REVIEWER: Final = "carol"
ADMINISTRATOR: Final = "root"
WHY: Final = "I accept the risk: checkout is down, and this build mends it."
_WORKFLOW: Final = "production-validation.yml"
_MARK: Final = re.compile(r"<!-- gate:(\S+) -->")
_UNPROCESSABLE: Final = 422


class NotNow(Exception):
    """A step cannot be taken as things stand, such as cancelling where nothing waits."""


@dataclass(slots=True)
class _Started:
    run_id: int
    asked_at: datetime
    attempt: int = 1
    asks: int = 1
    jobs: int = 1
    ended_by: EndedBy | None = None


class GitHubSide:
    """The simulated GitHub, its people, and the time on its clock without the jumps."""

    def __init__(self, github: SimulatedGitHub, api_url: str, hook_url: str) -> None:
        """Register the App and make the gated repositories."""
        self.github = github
        self.api_url = api_url
        self.private_key, public = make_key_pair()
        manifest = load_manifest()
        self.app_id = github.register_app(
            public_key_pem=public,
            webhook_secret=SECRET,
            webhook_url=None,
            permissions=dict(manifest.permissions),
            events_wanted=list(manifest.events),
        )
        self.installation_id = github.create_installation(OWNER)
        self.repositories: dict[int, str] = {}
        for name in REPOSITORIES:
            full = f"{OWNER}/{name}"
            self.repositories[github.create_repository(full, self.installation_id)] = name
            reviewers = [REVIEWER] if name == REVIEWED else None
            github.protect_environment(full, ENVIRONMENT, reviewers=reviewers)
            github.set_role(full, ADMINISTRATOR, "admin")
        github.set_webhook_url(hook_url)
        self._jumps: list[tuple[datetime, timedelta]] = []
        self._deploys: dict[str, list[_Started]] = {name: [] for name in REPOSITORIES}
        self._validations: dict[str, list[int]] = {name: [] for name in REPOSITORIES}
        self._going_on: dict[str, int] = {}
        self._reviewed: list[HumanReview] = []

    def now(self) -> datetime:
        """Return the time on GitHub's clock, the jumps left out."""
        return self.lived(self.github.world.now())

    def lived(self, moment: datetime) -> datetime:
        """Return a time of GitHub's clock as if it had never jumped."""
        return moment - sum((by for at, by in self._jumps if at <= moment), timedelta())

    def advance(self, seconds: float) -> None:
        """Let GitHub's clock jump."""
        self._jumps.append((self.github.world.now(), timedelta(seconds=seconds)))
        self.github.advance(seconds)

    def take(self, step: Load) -> None:  # noqa: C901 - a table of steps
        """Let people or workflows act; raises NotNow when they cannot."""
        name, full = step.repository, f"{OWNER}/{step.repository}"
        match step:
            case Deploy(jobs=jobs):
                names = [f"deploy-{number}" for number in range(jobs)]
                reached = self.github.deploy(full, ENVIRONMENT, jobs=names)
                self._deploys[name].append(_Started(reached.run_id, self.now(), jobs=jobs))
            case Validate(conclusion=conclusion):
                self._validations[name].append(self.github.validate(full, conclusion))
            case BeginValidation():
                run_id = self.github.start_run(full, _WORKFLOW, event="workflow_dispatch")
                self.github.progress_run(run_id)
                self._validations[name].append(run_id)
                self._going_on[name] = run_id
            case EndValidation(conclusion=conclusion):
                if name not in self._going_on:
                    raise NotNow
                self.github.complete_run(self._going_on.pop(name), conclusion)
            case LateJob():
                self._reach_late(name)
            case Rerun():
                self._rerun(name)
            case CommentOverride():
                self._comment(name)
            case Override(complete=complete):
                self._override(name, complete=complete)
            case Bypass():
                waiting = self._oldest_waiting(name)
                waiting.ended_by = "bypassed"
                self.github.bypass(ADMINISTRATOR, waiting.run_id, ENVIRONMENT, "an emergency")
            case Cancel():
                waiting = self._oldest_waiting(name)
                waiting.ended_by = "cancelled"
                self.github.cancel_run(waiting.run_id)

    def heal(self) -> None:
        """End every fault; validations that go on are ended as green."""
        self.github.clear_faults()
        for run_id in self._going_on.values():
            self.github.complete_run(run_id, "success")
        self._going_on.clear()

    def validations(self) -> tuple[Validation, ...]:
        """List the validations, in no order."""
        return tuple(
            self._validation(name, self.github.run_view(run_id))
            for name, runs in self._validations.items()
            for run_id in runs
        )

    def deployments(self) -> tuple[Deployment, ...]:
        """List the runs that reached the environment, as they stand."""
        return tuple(
            self._deployment(name, it, self.github.run_view(it.run_id))
            for name, started in self._deploys.items()
            for it in started
        )

    def reviews(self) -> tuple[Review, ...]:
        """List what GitHub took of the gate, oldest first."""
        return tuple(
            Review(
                run_id=it.run_id,
                attempt=it.run_attempt,
                state=it.state,
                sent_at=self.lived(it.arrived_at),
                at=self.lived(it.received_at),
                comment=it.comment or "",
                answer_lost=it.response_lost,
            )
            for it in self.github.reviews()
            if it.status < 300
        )

    def refused(self) -> tuple[RefusedReview, ...]:
        """List the answers of the gate for which nothing waited, oldest first."""
        return tuple(
            RefusedReview(
                run_id=it.run_id,
                attempt=it.run_attempt,
                sent_at=self.lived(it.arrived_at),
                at=self.lived(it.received_at),
                why=it.message or "",
            )
            for it in self.github.reviews()
            if it.status == _UNPROCESSABLE and it.state is not None
        )

    def human_reviews(self) -> tuple[HumanReview, ...]:
        """List what reviewers did, oldest first."""
        return tuple(self._reviewed)

    def issues(self) -> tuple[Written, ...]:
        """List the issues that the gate has opened."""
        return tuple(
            Written(name, _mark(it.body), self.lived(it.created_at))
            for name in REPOSITORIES
            for it in self.github.issues_of(f"{OWNER}/{name}")
            if it.app_id == self.app_id
        )

    def comments(self) -> tuple[Written, ...]:
        """List what the gate has written below issues."""
        return tuple(
            Written(name, _mark(it.body), self.lived(it.created_at))
            for name in REPOSITORIES
            for issue in self.github.issues_of(f"{OWNER}/{name}")
            for it in self.github.comments(f"{OWNER}/{name}", issue.number)
            if it.app_id == self.app_id
        )

    def told(self) -> tuple[Told, ...]:
        """List the changes of validations that the gate has acknowledged."""
        validations = {it for runs in self._validations.values() for it in runs}
        found: list[Told] = []
        for line in self.github.deliveries():
            if line.event != "workflow_run" or line.status != "OK":
                continue
            payload = self.github.payload(line.id)
            run = payload["workflow_run"]
            assert isinstance(run, dict)
            if run["id"] in validations:
                at = line.delivered_at + timedelta(seconds=line.duration)
                found.append(Told(run["id"], str(line.action), self.lived(at)))
        return tuple(found)

    def _reach_late(self, name: str) -> None:
        newest = self._newest(name, lambda it: it.ended_by is None)
        try:
            self.github.reach_environment(newest.run_id, ENVIRONMENT, f"late-{newest.asks}")
        except SimulatorError as error:
            raise NotNow from error
        newest.asks += 1
        newest.jobs += 1

    def _rerun(self, name: str) -> None:
        again = {it.run_id for it in self._deploys[name] if it.attempt > 1}
        cancelled = self._newest(
            name, lambda it: it.ended_by == "cancelled" and it.run_id not in again
        )
        attempt = self.github.rerun(cancelled.run_id)
        self._deploys[name].append(_Started(cancelled.run_id, self.now(), attempt))
        self.github.reach_environment(cancelled.run_id, ENVIRONMENT, "deploy-0")

    def _override(self, name: str, *, complete: bool) -> None:
        run_id = self._oldest_waiting(name, reviewer=True).run_id
        comment = WHY if complete else "go"
        at = self.now()
        try:
            self.github.review_as(REVIEWER, run_id, ENVIRONMENT, "approved", comment)
        except SimulatorError as error:
            raise NotNow from error
        self._reviewed.append(HumanReview(run_id, at, complete))

    def _comment(self, name: str) -> None:
        full = f"{OWNER}/{name}"
        run_id = self._oldest_waiting(name).run_id
        issue = next((it for it in self.github.issues_of(full) if it.state == "open"), None)
        if issue is None:
            raise NotNow
        self._reviewed.append(HumanReview(run_id, self.now(), complete=True))
        command = f"/override {run_id} {WHY}"
        self.github.comment_on_issue(full, issue.number, REVIEWER, command)

    def _newest(self, name: str, suits: Callable[[_Started], bool]) -> _Started:
        for it in reversed(self._deploys[name]):
            if suits(it):
                return it
        raise NotNow

    def _oldest_waiting(self, name: str, *, reviewer: bool = False) -> _Started:
        for it in self._deploys[name]:
            view = self.github.run_view(it.run_id)
            if view.run_attempt == it.attempt and any(
                job.waits_for_reviewers if reviewer else job.waits_for_apps for job in view.jobs
            ):
                return it
        raise NotNow

    def _validation(self, name: str, view: RunView) -> Validation:
        ended = view.status == "completed"
        return Validation(
            run_id=view.id,
            repository=name,
            started_at=self.lived(view.run_started_at).replace(microsecond=0),
            ended_at=self.lived(view.updated_at) if ended else None,
            conclusion=view.conclusion,
        )

    def _deployment(self, name: str, started: _Started, view: RunView) -> Deployment:
        return Deployment(
            run_id=view.id,
            attempt=started.attempt,
            repository=name,
            asked_at=started.asked_at,
            asks=started.asks,
            jobs=started.jobs,
            waits=view.run_attempt == started.attempt
            and any(job.waits_for_apps for job in view.jobs),
            ended_by=started.ended_by,
        )


def _mark(text: str) -> str:
    """Return what a text of the gate is marked as; the last mark, since a text may quote others."""
    found = _MARK.findall(text)
    return found[-1] if found else ""


@contextmanager
def github_side(hook_url: str) -> Iterator[GitHubSide]:
    """Serve a simulated GitHub while the context lasts."""
    github = SimulatedGitHub()
    with serve(github) as api_url:
        yield GitHubSide(github, api_url, hook_url)
