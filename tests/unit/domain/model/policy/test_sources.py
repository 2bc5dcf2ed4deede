"""Which policy speaks for a repository, and that it stays above the organization's floor."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.model.policy.policy import (
    Covers,
    EnvironmentPolicy,
    InvalidPolicy,
    Mode,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Policy,
    PolicyReading,
    Problem,
    Reaction,
    TeamReviewer,
    UnavailablePolicy,
    UserReviewer,
    ValidationState,
)
from gate.domain.model.policy.sources import check_floor, choose_policy
from tests.support.builders.policies import make_environment, make_policy

REPOSITORY = replace(make_policy(), source="repository")
ORGANIZATION = replace(make_policy(), source="organization")
SERVER = replace(make_policy(), source="server")
INVALID = InvalidPolicy((Problem(1, 1, "", "not a mapping"),), "sha256:bad", "somewhere")
UNAVAILABLE = UnavailablePolicy("GitHub answered 502")
OTHER_INVALID = replace(INVALID, source="elsewhere")


@pytest.mark.parametrize(
    ("repository", "organization", "chosen"),
    [
        (None, None, SERVER),
        (None, ORGANIZATION, ORGANIZATION),
        (None, INVALID, INVALID),
        (None, UNAVAILABLE, UNAVAILABLE),
        (REPOSITORY, None, REPOSITORY),
        (REPOSITORY, INVALID, INVALID),
        (REPOSITORY, UNAVAILABLE, UNAVAILABLE),
        (INVALID, None, INVALID),
        (INVALID, ORGANIZATION, INVALID),
        (INVALID, UNAVAILABLE, UNAVAILABLE),
        (INVALID, OTHER_INVALID, OTHER_INVALID),
        (UNAVAILABLE, None, UNAVAILABLE),
        (UNAVAILABLE, ORGANIZATION, UNAVAILABLE),
        (UNAVAILABLE, INVALID, INVALID),
    ],
)
def test_who_speaks(
    repository: PolicyReading | None, organization: PolicyReading | None, chosen: PolicyReading
) -> None:
    """The repository speaks first, then its organization, then the server; silence is no answer."""
    assert choose_policy(repository, organization, SERVER) is chosen


def test_a_repositorys_policy_carries_the_floor() -> None:
    """Where both have a policy, what is decided is held against the organization's as well."""
    chosen = choose_policy(REPOSITORY, ORGANIZATION, SERVER)
    assert chosen == replace(REPOSITORY, floor=ORGANIZATION.policy)


@pytest.mark.parametrize("server", [INVALID, UNAVAILABLE])
def test_server_speaks_last(server: PolicyReading) -> None:
    """A broken policy of the server matters only where nobody else has one."""
    assert choose_policy(None, None, server) is server
    assert choose_policy(REPOSITORY, None, server) is REPOSITORY


def test_looser_than_the_floor() -> None:
    """A repository that asks for less than its organization has an invalid policy."""
    loose = replace(make_policy(max_age=timedelta(hours=25)), source="repository", digest="d")
    chosen = choose_policy(loose, ORGANIZATION, SERVER)
    assert isinstance(chosen, InvalidPolicy)
    assert (chosen.digest, chosen.source) == ("d", "repository")
    assert [problem.path for problem in chosen.problems] == [
        "environments.production-frontend.validation.max_age"
    ]
    assert str(chosen.problems[0]).startswith("line 1, column 1:")


def looser_keys(own: EnvironmentPolicy, floor: EnvironmentPolicy) -> list[str]:
    """Name the keys where `own` is looser than `floor`."""
    problems = check_floor(Policy({"production": own}), Policy({"production": floor}))
    return [problem.path.removeprefix("environments.production.") for problem in problems]


def test_every_environment_of_the_floor_is_held_against_it() -> None:
    """One that only the floor names comes first, and ends nothing."""
    strict, loose = make_environment(), make_environment(max_age=timedelta(days=9))
    floor = Policy({"a-staging": strict, "production": strict})
    problems = check_floor(Policy({"production": loose}), floor)
    assert [it.path for it in problems] == ["environments.production.validation.max_age"]


HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("own", "floor", "key"),
    [
        ({"mode": Mode.OBSERVE}, {}, "mode"),
        ({"workflow": "a.yml"}, {"workflow": "b.yml"}, "validation.workflow"),
        ({"branch": "feature"}, {}, "validation.branch"),
        ({}, {"branch": "main"}, "validation.branch"),
        ({"events": ("push", "issues")}, {"events": ("push",)}, "validation.events"),
        ({"events": ("push",)}, {}, "validation.events"),
        ({"max_age": HOURS * 2}, {"max_age": HOURS}, "validation.max_age"),
        ({"required_jobs": ("a",)}, {"required_jobs": ("a", "b")}, "validation.required_jobs"),
        ({}, {"covers": Covers.SAME_COMMIT}, "validation.covers"),
        ({"covers": Covers.SAME_COMMIT}, {"covers": Covers.INFRASTRUCTURE}, "validation.covers"),
        ({"covers": Covers.INFRASTRUCTURE}, {"covers": Covers.SAME_COMMIT}, "validation.covers"),
        (
            {"covers": Covers.INFRASTRUCTURE, "infrastructure_workflow": "x.yml"},
            {"covers": Covers.INFRASTRUCTURE},
            "validation.infrastructure.workflow",
        ),
        ({}, {"failed": Reaction.REJECT}, "when.failed"),
        ({}, {"running": Reaction.REJECT}, "when.running"),
        ({}, {"inconclusive": Reaction.REJECT}, "when.inconclusive"),
        ({}, {"missing": Reaction.REJECT}, "when.missing"),
        ({}, {"stale": Reaction.REJECT}, "when.stale"),
        ({"give_up_after": HOURS * 2}, {"give_up_after": HOURS}, "give_up_after"),
    ],
)
def test_looser(own: dict[str, object], floor: dict[str, object], key: str) -> None:
    """Each way of asking for less is named by its key."""
    assert looser_keys(make_environment(**own), make_environment(**floor)) == [key]


@pytest.mark.parametrize(
    ("own", "floor"),
    [
        ({}, {}),
        ({}, {"mode": Mode.OBSERVE}),
        ({"mode": Mode.OBSERVE}, {"mode": Mode.OBSERVE}),
        ({"events": ("push", "issues")}, {"events": ("issues", "push")}),
        ({"max_age": HOURS}, {"max_age": HOURS * 2}),
        ({"max_age": HOURS}, {"max_age": HOURS}),
        ({"required_jobs": ("a", "b")}, {"required_jobs": ("b",)}),
        ({"covers": Covers.SAME_COMMIT}, {}),
        ({"infrastructure_workflow": "x.yml"}, {}),
        ({"failed": Reaction.REJECT}, {}),
        ({"failed": Reaction.REJECT}, {"failed": Reaction.REJECT}),
        ({"give_up_after": HOURS}, {"give_up_after": HOURS}),
    ],
)
def test_as_strict(own: dict[str, object], floor: dict[str, object]) -> None:
    """A repository may ask for as much as its organization, or for more."""
    assert looser_keys(make_environment(**own), make_environment(**floor)) == []


WRITERS = PermissionReviewer(Permission.WRITE)
MAINTAINERS = PermissionReviewer(Permission.MAINTAIN)
ADMINS = PermissionReviewer(Permission.ADMIN)
OWNERS = TeamReviewer("acme", "owners")
MONA = UserReviewer("mona")


def looser_override(own: dict[str, Any], floor: dict[str, Any]) -> list[str]:
    """Name the keys of `override` where `own` is looser than `floor`."""
    keys = looser_keys(
        make_environment(override=OverridePolicy(**own)),
        make_environment(override=OverridePolicy(**floor)),
    )
    return [key.removeprefix("override.") for key in keys]


@pytest.mark.parametrize(
    ("own", "floor", "key"),
    [
        ({}, {"allow": False}, "allow"),
        ({}, {"holds": (ValidationState.STALE,)}, "holds"),
        ({}, {"reviewers": (OWNERS,)}, "reviewers"),
        ({"reviewers": (ADMINS,)}, {}, "reviewers"),
        ({"reviewers": (OWNERS, MONA)}, {"reviewers": (OWNERS,)}, "reviewers"),
        ({"reviewers": (OWNERS,)}, {"reviewers": (ADMINS,)}, "reviewers"),
        ({"reviewers": (WRITERS,)}, {"reviewers": (MAINTAINERS, OWNERS)}, "reviewers"),
        ({"reviewers": (ADMINS,)}, {"reviewers": (OWNERS,)}, "reviewers"),
        ({"environment": "lax"}, {}, "environment"),
        ({}, {"environment": "strict"}, "environment"),
        ({"prevent_self_review": False}, {}, "prevent_self_review"),
        ({}, {"approvals": 2}, "approvals"),
        ({"min_length": 19}, {}, "rationale.min_length"),
        ({"acknowledge": "ok"}, {}, "rationale.acknowledge"),
    ],
)
def test_looser_override(own: dict[str, Any], floor: dict[str, Any], key: str) -> None:
    """Each way of releasing a hold more easily is named by its key."""
    assert looser_override(own, floor) == [key]


@pytest.mark.parametrize(
    ("own", "floor"),
    [
        ({}, {}),
        ({"allow": False}, {}),
        ({"allow": False, "approvals": 1, "min_length": 1}, {"approvals": 2}),
        ({"holds": (ValidationState.STALE,)}, {}),
        ({"reviewers": (OWNERS,)}, {"reviewers": (MONA, OWNERS)}),
        ({"reviewers": (ADMINS,)}, {"reviewers": (MAINTAINERS,)}),
        ({"reviewers": (MAINTAINERS,)}, {"reviewers": (MAINTAINERS,)}),
        ({"environment": "Production-Override"}, {}),
        ({}, {"prevent_self_review": False}),
        ({"approvals": 2}, {}),
        ({"min_length": 21}, {}),
        ({"acknowledge": "i accept THE risk"}, {}),
    ],
)
def test_as_strict_override(own: dict[str, Any], floor: dict[str, Any]) -> None:
    """A repository may make overrides as hard as its organization, or harder."""
    assert looser_override(own, floor) == []


def test_every_looser_key_is_named() -> None:
    """All that is looser is listed at once."""
    own = make_environment(mode=Mode.OBSERVE, max_age=HOURS * 99)
    floor = make_environment(failed=Reaction.REJECT)
    assert looser_keys(own, floor) == ["mode", "validation.max_age", "when.failed"]


def test_environment_of_one_side_only() -> None:
    """An environment that only one policy names is not compared."""
    observing = make_environment(mode=Mode.OBSERVE)
    assert list(check_floor(Policy({"a": observing}), Policy({"b": make_environment()}))) == []


def test_what_the_floor_asks() -> None:
    """The problem says what the organization asks for."""
    floor = Policy({"production": make_environment(branch=None)})
    own = Policy({"production": make_environment(branch="feature")})
    (problem,) = check_floor(own, floor)
    assert problem.message == (
        "looser than the organization's policy, which requires the default branch"
    )


@pytest.mark.parametrize(
    ("age", "spelled"),
    [
        (timedelta(days=1), "24h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=61), "61s"),
    ],
)
def test_a_looser_age_is_spelled_as_in_a_policy(age: timedelta, spelled: str) -> None:
    """People can copy the value that the organization allows."""
    own, floor = make_policy(max_age=timedelta(days=2)).policy, make_policy(max_age=age).policy
    (problem,) = check_floor(own, floor)
    assert problem.message == (
        f"looser than the organization's policy, which allows at most {spelled}"
    )
