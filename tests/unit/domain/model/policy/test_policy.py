"""What a policy asks for by default, and how its entries are found."""

from datetime import timedelta

import pytest

from gate.domain.model.policy.policy import (
    BUILT_IN,
    EnvironmentPolicy,
    OverridePolicy,
    Policy,
    Problem,
    Reaction,
    Reactions,
    ValidationState,
)


def test_built_in() -> None:
    """Without any policy file production-frontend is held to its validation, and nothing else."""
    assert BUILT_IN.environment("Production-Frontend") == EnvironmentPolicy()
    assert BUILT_IN.environment("production") is None
    rule = EnvironmentPolicy().validation
    assert rule.workflow == ".github/workflows/production-validation.yml"
    assert rule.infrastructure_workflow == ".github/workflows/terraform-apply.yml"
    assert rule.max_age == timedelta(hours=24)
    assert EnvironmentPolicy().give_up_after == timedelta(hours=24)
    assert "pull_request" not in rule.events


@pytest.mark.parametrize("state", ValidationState)
def test_default_reactions(state: ValidationState) -> None:
    """By default every state is held."""
    assert Reactions().to(state) is Reaction.HOLD


@pytest.mark.parametrize("state", ["failed", "running", "inconclusive", "missing", "stale"])
def test_one_reaction(state: str) -> None:
    """A reaction is for the state it is written for."""
    when = Reactions(**{state: Reaction.REJECT})
    rejected = [it for it in ValidationState if when.to(it) is Reaction.REJECT]
    assert rejected == [ValidationState(state)]


@pytest.mark.parametrize(
    ("own", "named"), [(None, "production-override"), ("release-managers", "release-managers")]
)
def test_override_environment(own: str | None, named: str) -> None:
    """An override is approved in an environment of its own name, or of the gated one's."""
    assert OverridePolicy(environment=own).environment_for("production") == named


def test_running_is_never_overridden_by_default() -> None:
    """The result of a validation that runs is waited for; one that passed needs no override.

    One that waits for itself is overridden like an inconclusive one.
    """
    held = set(ValidationState) - set(OverridePolicy().holds)
    assert held == {
        ValidationState.PASSED,
        ValidationState.RUNNING,
        ValidationState.WAITS_FOR_ITSELF,
    }


def test_names_are_found_folded() -> None:
    """An environment is found in whatever case its name is spelled."""
    policy = Policy({"staging": EnvironmentPolicy()})
    assert policy.environment("STAGING") is policy.environments["staging"]


@pytest.mark.parametrize(
    ("path", "text"),
    [("", "line 2, column 7: unknown key"), ("a.b", "line 2, column 7: a.b: unknown key")],
)
def test_problem(path: str, text: str) -> None:
    """A problem is spelled on one line with its place first."""
    assert str(Problem(2, 7, path, "unknown key")) == text
