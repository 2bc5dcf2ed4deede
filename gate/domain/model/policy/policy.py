"""State what a repository asks of the gate, as values that have already been checked.

Parsing and its error messages live in `gate.policyfile`. Defaults are written here once, because
the built-in policy and the JSON Schema are both made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, assert_never

from gate.domain.model.alert import Channel, Mention
from gate.domain.model.ids import environment_key
from gate.domain.model.runs import workflow_file

POLICY_PATH: Final = ".github/deployment-gate.yml"
MISNAMED_PATH: Final = ".github/deployment-gate.yaml"
"""What people call the file by mistake: it is no policy, and is not silently passed over."""

GITHUB_WALL: Final = timedelta(days=30)
"""GitHub fails a job that has waited this long for a protection rule (docs: Deployments and
environments)."""

LONGEST_HOLD: Final = timedelta(days=29)
"""The most that `give_up_after` may ask for: our answer must come before GitHub's wall."""

SHORTEST_REMINDER: Final = timedelta(minutes=10)
"""The least that `remind_every` may ask for: what comes more often is not read any more."""


class ValidationState(StrEnum):
    """What the newest validation says about production."""

    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"
    STALE = "stale"
    UNCOVERED = "uncovered"
    WAITS_FOR_ITSELF = "waits_for_itself"


class Covers(StrEnum):
    """How the validation must relate to what is being deployed."""

    LATEST = "latest"
    SAME_COMMIT = "same-commit"
    INFRASTRUCTURE = "infrastructure"


class Reaction(StrEnum):
    """What the gate does while the validation is in a state that is not a pass."""

    HOLD = "hold"
    REJECT = "reject"


class Mode(StrEnum):
    """Whether verdicts bind: `observe` records them and lets everything through."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


DEFAULT_EVENTS: Final = (
    "push",
    "workflow_dispatch",
    "workflow_run",
    "repository_dispatch",
    "schedule",
)


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Which run counts as the validation, and what it must show.

    `workflow` and `infrastructure_workflow` are paths below the repository's root. `branch` None
    means the repository's default branch.
    """

    workflow: str = workflow_file("production-validation.yml")
    branch: str | None = None
    events: tuple[str, ...] = DEFAULT_EVENTS
    max_age: timedelta = timedelta(hours=24)
    required_jobs: tuple[str, ...] = ()
    covers: Covers = Covers.LATEST
    infrastructure_workflow: str = workflow_file("terraform-apply.yml")


@dataclass(frozen=True, slots=True)
class Reactions:
    """The reaction to each validation state that a policy may turn into a rejection."""

    failed: Reaction = Reaction.HOLD
    running: Reaction = Reaction.HOLD
    inconclusive: Reaction = Reaction.HOLD
    missing: Reaction = Reaction.HOLD
    stale: Reaction = Reaction.HOLD

    def to(self, state: ValidationState) -> Reaction:
        """Return the reaction to `state`; a state without a setting is held."""
        match state:
            case ValidationState.FAILED:
                return self.failed
            case ValidationState.RUNNING:
                return self.running
            case ValidationState.INCONCLUSIVE:
                return self.inconclusive
            case ValidationState.MISSING:
                return self.missing
            case ValidationState.STALE:
                return self.stale
            case (
                ValidationState.UNCOVERED
                | ValidationState.WAITS_FOR_ITSELF
                | ValidationState.PASSED
            ):
                return Reaction.HOLD
            case _:
                assert_never(state)


class Permission(StrEnum):
    """A role on the repository that a reviewer must have at least, the lowest first."""

    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class TeamReviewer:
    """Whoever is in this team. Both names are folded: GitHub compares them without case."""

    organization: str
    slug: str


@dataclass(frozen=True, slots=True)
class UserReviewer:
    """This person. The login is folded; whose it is now is looked up at GitHub."""

    login: str


@dataclass(frozen=True, slots=True)
class PermissionReviewer:
    """Whoever has this permission on the repository, or a higher one."""

    level: Permission


Reviewer = TeamReviewer | UserReviewer | PermissionReviewer


@dataclass(frozen=True, slots=True)
class OverridePolicy:
    """Who may release a held deployment, which holds, and what they must say.

    Without `reviewers` it is whoever GitHub lets review the environment. `min_length` counts what a
    rationale says beside the words of `acknowledge`, see `gate.domain.overrides.rationale`.
    """

    allow: bool = True
    holds: tuple[ValidationState, ...] = (
        ValidationState.FAILED,
        ValidationState.INCONCLUSIVE,
        ValidationState.MISSING,
        ValidationState.STALE,
        ValidationState.UNCOVERED,
    )
    reviewers: tuple[Reviewer, ...] = ()
    environment: str | None = None
    prevent_self_review: bool = True
    approvals: int = 1
    min_length: int = 20
    acknowledge: str = "I accept the risk"

    def environment_for(self, gated: str) -> str:
        """Name the environment whose reviewers approve an override of the `gated` one."""
        return self.environment if self.environment is not None else f"{gated}-override"


@dataclass(frozen=True, slots=True)
class EnvironmentPolicy:
    """What one environment asks of the gate."""

    validation: ValidationRule = field(default_factory=ValidationRule)
    when: Reactions = field(default_factory=Reactions)
    give_up_after: timedelta = timedelta(hours=24)
    override: OverridePolicy = field(default_factory=OverridePolicy)
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Who hears of a failed validation, and when again.

    `channels` None means every channel that the server has. The clocks run from the incident's
    opening.
    """

    channels: tuple[Channel, ...] | None = None
    mention: Mention = Mention.CHANNEL
    remind_every: timedelta = timedelta(hours=4)
    acknowledge_within: timedelta = timedelta(minutes=15)
    decide_within: timedelta = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """How an incident is kept: as an issue on GitHub or not, and under which labels."""

    issue: bool = True
    labels: tuple[str, ...] = ("production-validation",)


class Badge(StrEnum):
    """Who may see the badges of a repository's environments: everybody, or its viewers."""

    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy file. `environments` is keyed by the folded name, see `environment_key`."""

    environments: Mapping[str, EnvironmentPolicy]
    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    incidents: IncidentPolicy = field(default_factory=IncidentPolicy)
    badge: Badge = Badge.PRIVATE

    def environment(self, name: str) -> EnvironmentPolicy | None:
        """Find the entry for an environment; None means that nothing was asked for it."""
        return self.environments.get(environment_key(name))


BUILT_IN: Final = Policy(environments={"production-frontend": EnvironmentPolicy()})
"""The policy of a repository that has none and no server that brings one."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a policy file: where (1-based, both), which key, and what to write."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Spell the problem on one line, place first."""
        where = f" {self.path}:" if self.path else ""
        return f"line {self.line}, column {self.column}:{where} {self.message}"


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy that may be relied on, with the digest of its text and where it was read.

    `floor` is the organization's where the repository has a policy of its own: nothing is approved
    that it would not approve.
    """

    policy: Policy
    digest: str
    source: str
    floor: Policy | None = None

    @property
    def has_public_badge(self) -> bool:
        """Return whether everybody may see the badges: the policy and its floor must say so."""
        readings = (self.policy, self.floor) if self.floor is not None else (self.policy,)
        return all(it.badge is Badge.PUBLIC for it in readings)


@dataclass(frozen=True, slots=True)
class InvalidPolicy:
    """A policy file that was read and is wrong: nothing it gates may be approved."""

    problems: tuple[Problem, ...]
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class UnavailablePolicy:
    """No policy could be read for now: nothing may be approved, and it is worth another try."""

    detail: str


PolicyReading = LoadedPolicy | InvalidPolicy | UnavailablePolicy
