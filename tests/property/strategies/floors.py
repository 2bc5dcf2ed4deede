"""Pairs of an organization's floor and a repository's policy, and facts for both to judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.model.facts import Facts
from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.overrides import OverrideChannel, OverrideClaim, Standing
from gate.domain.model.policy.policy import (
    Covers,
    EnvironmentPolicy,
    LoadedPolicy,
    Mode,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Policy,
    Reaction,
    Reviewer,
    TeamReviewer,
    UserReviewer,
    ValidationState,
)
from gate.domain.model.policy.sources import choose_policy
from gate.domain.model.reports import FlowStatus, ValidationReport
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision
from tests.property.strategies.overrides import PEOPLE
from tests.support.builders.defaults import BRANCH, ENVIRONMENT, NOW, OTHER_SHA, TICK
from tests.support.builders.overrides import make_claim
from tests.support.builders.policies import make_environment, make_policy
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_infrastructure, make_job, make_run

OWNERS: Final = TeamReviewer("acme", "owners")
WRITERS: Final = PermissionReviewer(Permission.WRITE)
ADMINS: Final = PermissionReviewer(Permission.ADMIN)
_HOLDS: Final = (
    OverridePolicy().holds,
    tuple(ValidationState),
    (ValidationState.FAILED,),
    (ValidationState.STALE, ValidationState.INCONCLUSIVE),
)
_OPTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "workflow": (".github/workflows/production-validation.yml", ".github/workflows/other.yml"),
    "branch": (None, BRANCH, "feature"),
    "events": (("push", "schedule"), ("push",), ("schedule", "push"), ("schedule",)),
    "max_age": (timedelta(minutes=4), timedelta(hours=1), timedelta(hours=24)),
    "required_jobs": ((), ("flows",), ("flows", "report"), ("lint",)),
    "covers": tuple(Covers),
    "infrastructure_workflow": (
        ".github/workflows/terraform-apply.yml",
        ".github/workflows/other.yml",
    ),
    "give_up_after": (timedelta(minutes=8), timedelta(hours=24)),
    "mode": (Mode.ENFORCE, Mode.ENFORCE, Mode.OBSERVE),
    **dict.fromkeys(("failed", "running", "inconclusive", "missing", "stale"), tuple(Reaction)),
    "allow": (True, True, False),
    "holds": _HOLDS,
    "reviewers": ((), (OWNERS,), (OWNERS, ADMINS), (WRITERS,), (ADMINS,), (UserReviewer("a"),)),
    "environment": (None, f"{ENVIRONMENT}-override", "staging"),
    "prevent_self_review": (True, False),
    "approvals": (1, 2),
    "min_length": (1, 20, 31),
    "acknowledge": ("I accept the risk", "i accept THE risk", "I accept", "checkout"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What the organization asks, and what the repository does."""

    floor: EnvironmentPolicy
    own: EnvironmentPolicy


def _drawn(random: Random, keys: int) -> dict[str, Any]:
    names = random.sample(sorted(_OPTIONS), keys)
    return {name: random.choice(_OPTIONS[name]) for name in names}


def _pairs() -> list[Pair]:
    """Make pairs that differ in each key in each way, over floors of different kinds.

    Pairs that differ in a second key too come beside: more, and the one would hide the other.
    """
    random = Random(20260303)
    made = []
    for key, values in sorted(_OPTIONS.items()):
        for ours, theirs in permutations(dict.fromkeys(values), 2):
            for others in range(3):
                floor = _drawn(random, others) | {key: theirs}
                own = floor | {key: ours}
                made.append(Pair(make_environment(**floor), make_environment(**own)))
                own |= {name: it for name, it in _drawn(random, 1).items() if name != key}
                made.append(Pair(make_environment(**floor), make_environment(**own)))
    return made


PAIRS: Final = st.sampled_from(_pairs())


@dataclass(frozen=True, slots=True)
class Somebody:
    """What GitHub knows of a person: their role, team, and whether it lets them review."""

    permission: Permission | None
    in_team: bool
    reviews: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Facts, and whom GitHub knows: who may override is looked up by a policy's reviewers."""

    facts: Facts
    people: tuple[Somebody, ...]

    def decide_by(self, policy: EnvironmentPolicy, floor: Policy | None = None) -> Decision:
        """Decide with the people looked up as `policy` wants it."""
        standings = tuple(
            Standing(person.id, _may(known, person.login, policy.override.reviewers), "")
            for person, known in zip(PEOPLE, self.people, strict=True)
        )
        reading = replace(make_policy(policy), floor=floor)
        return decide(reading, replace(self.facts, standings=standings), NOW)


def _may(known: Somebody, login: str, reviewers: tuple[Reviewer, ...]) -> bool:
    """Return whether one of the reviewers is this person; without any GitHub's own are meant."""
    return any(_is(known, login, it) for it in reviewers) if reviewers else known.reviews


def _is(known: Somebody, login: str, reviewer: Reviewer) -> bool:
    order = list(Permission)
    match reviewer:
        case TeamReviewer():
            return known.in_team
        case UserReviewer(name):
            return login == name
        case PermissionReviewer(level):
            return known.permission is not None and order.index(known.permission) >= order.index(
                level
            )


_JOBS: Final = (make_job(), make_job("report"))
_RUN_FLAWS: Final[tuple[dict[str, Any], ...]] = (
    {"path": ".github/workflows/other.yml"},
    {"event": "schedule"},
    {"head_branch": "feature"},
    {"head_sha": OTHER_SHA},
    {"status": "in_progress", "conclusion": None},
    {"conclusion": "failure"},
    {"conclusion": "cancelled"},
    {"jobs": (make_job(),)},
    {"jobs": (make_job("report"),)},
    {"jobs": (make_job(), make_job("report", conclusion="failure"))},
    {"jobs": (*_JOBS, make_job("lint"))},
)
_AGES: Final = (
    timedelta(minutes=3),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=1) + TICK,
    timedelta(hours=2),
    timedelta(hours=25),
)
_LASTED: Final = timedelta(minutes=2)
_SAID: Final = (
    "I accept the risk: abcdefghijklmnopqrstuvwxyz checkout",
    "I accept the risk: abcdefghijklmnopqrstuvwxyz checkout",
    "I accept the risk: abcdefghijklmnopqrstuvwxyz",
    "I accept the risk: abcdefghijkl",
    "I accept abcdefghijklmnopqrstuvwxyz checkout",
    "checkout abcdefghijklmnopqrstuvwxyz",
)
_CLAIM_FLAWS: Final[tuple[dict[str, Any], ...]] = (
    {"environment": "staging"},
    {"channel": OverrideChannel.ENVIRONMENT, "environment": f"{ENVIRONMENT}-override"},
    {"channel": OverrideChannel.ENVIRONMENT, "environment": "staging"},
)


def _runs(random: Random) -> tuple[WorkflowRun, ...]:
    """Make one or two validations with a flaw at most, or none."""
    found = []
    for run_id, age in enumerate(random.sample(_AGES, random.choice((0, 1, 1, 1, 2, 2))), 1):
        flaw = random.choice(_RUN_FLAWS) if random.random() < 0.5 else {}
        times = {"started_at": NOW - age, "updated_at": NOW - age + _LASTED}
        found.append(make_run(**{"run_id": RunId(run_id), "jobs": _JOBS} | times | flaw))
    return tuple(found)


def _changes(random: Random) -> tuple[WorkflowRun, ...]:
    """Make one or two infrastructure runs, or none."""
    found = []
    paths = (".github/workflows/terraform-apply.yml", ".github/workflows/other.yml")
    for run_id, path in enumerate(paths, 91):
        if random.random() < 0.7:
            end = NOW - random.choice((*_AGES, timedelta(hours=30), timedelta(hours=30)))
            times = {"started_at": end - _LASTED, "updated_at": end}
            found.append(make_infrastructure(run_id=RunId(run_id), path=path, **times))
    return tuple(found)


def _reports(random: Random, runs: tuple[WorkflowRun, ...]) -> tuple[ValidationReport, ...]:
    """Let the job of a run say, now and then, that a flow failed."""
    if not runs or random.random() < 0.8:
        return ()
    run, flow = runs[0], make_flow(status=FlowStatus.FAILED)
    said = NOW - random.choice((TICK, timedelta(minutes=1), timedelta(minutes=10)))
    return (
        make_validation_report(
            flow, run_id=run.run_id, run_attempt=run.run_attempt, reported_at=said
        ),
    )


def _claims(random: Random) -> tuple[OverrideClaim, ...]:
    """Let up to two people speak, most of them well."""
    made = []
    for person in random.sample(PEOPLE, random.choice((0, 1, 1, 2))):
        flaw = random.choice(_CLAIM_FLAWS) if random.random() < 0.2 else {}
        given_at = NOW - random.choice((TICK, TICK, timedelta(seconds=30), timedelta(minutes=5)))
        said = {"person": person, "given_at": given_at, "rationale": random.choice(_SAID)}
        made.append(make_claim(**said | flaw))
    return tuple(made)


def _known(random: Random) -> Known:
    """Make facts of which about half let some deployment go on."""
    runs = _runs(random)
    since = NOW - random.choice((timedelta(minutes=1), timedelta(minutes=20)))
    facts = make_facts(
        request=make_request(waiting_since=since),
        validations=runs,
        infrastructure=_changes(random),
        reports=_reports(random, runs),
        claims=_claims(random),
        triggered_by=random.choice(((AccountId(7),), (AccountId(7),), (AccountId(1),), None)),
    )
    roles = (None, Permission.WRITE, Permission.ADMIN)
    people = tuple(
        Somebody(random.choice(roles), random.random() < 0.5, random.random() < 0.5) for _ in PEOPLE
    )
    return Known(facts, people)


def _pool() -> list[list[Known]]:
    random = Random(20260304)
    return [[_known(random) for _ in range(50)] for _ in range(60)]


MANY_FACTS: Final = st.sampled_from(_pool())
"""Facts by the dozen: what a pair gets wrong shows on few of them, and drawing costs more."""


def is_accepted(pair: Pair) -> bool:
    """Return whether the repository's policy is let speak."""
    floor = make_policy(pair.floor)
    chosen = choose_policy(make_policy(pair.own), floor, floor)
    return isinstance(chosen, LoadedPolicy)
