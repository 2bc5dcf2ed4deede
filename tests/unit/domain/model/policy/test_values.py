"""Each value of a policy is traced to its document, its line and its time."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

import pytest

from gate.domain.model.policy.policy import (
    BUILT_IN,
    AlertPolicy,
    EnvironmentPolicy,
    IncidentPolicy,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Policy,
    Reactions,
    TeamReviewer,
    UserReviewer,
    ValidationRule,
)
from gate.domain.model.policy.sources import PolicyBasis, PolicyPlace
from gate.domain.model.policy.values import (
    PastPolicy,
    TracedValue,
    list_values,
    place_in_force,
    trace_values,
)
from tests.support.builders.defaults import NOW, before

NAME: Final = "production-frontend"
AGE: Final = ("environments", NAME, "validation", "max_age")
MODE: Final = ("environments", NAME, "mode")


def with_age(hours: int) -> Policy:
    """Make a policy with this maximum age, and else what is built in."""
    rule = ValidationRule(max_age=timedelta(hours=hours))
    return Policy({NAME: EnvironmentPolicy(validation=rule)})


def traced(policy: Policy, path: tuple[str, ...], **given: object) -> TracedValue:
    """Trace one value of a repository's policy."""
    written = given.pop("written", {})
    found = trace_values(policy, "repository", written, **given)  # type: ignore[arg-type]
    (one,) = [it for it in found if it.path == path]
    return one


def test_every_field_of_a_policy_is_listed() -> None:
    """A new one that is forgotten here would be in force unseen."""
    parts = (ValidationRule, Reactions, OverridePolicy, AlertPolicy, IncidentPolicy)
    # Of an environment: when it gives up, and its mode. Of the policy: the badge.
    count = sum(len(fields(it)) for it in parts) + 2 + 1
    assert len(list(list_values(BUILT_IN))) == count


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (AGE, "24 h"),
        (("environments", NAME, "validation", "branch"), "the default branch"),
        (("environments", NAME, "validation", "required_jobs"), "none"),
        (("environments", NAME, "override", "allow"), "true"),
        (
            ("environments", NAME, "override", "reviewers"),
            "the environment's reviewers in GitHub",
        ),
        (("environments", NAME, "override", "environment"), f"{NAME}-override"),
        (("environments", NAME, "override", "rationale", "min_length"), "20 characters"),
        (("alerts", "channels"), "all that are configured"),
        (("incidents", "labels"), "production-validation"),
        (("badge",), "private"),
    ],
)
def test_a_value_is_in_words(path: tuple[str, ...], value: str) -> None:
    """What is left out is spelled as what applies then."""
    assert dict(list_values(BUILT_IN))[path] == value


def test_reviewers_are_spelled_as_the_file_does() -> None:
    """Teams, people and permissions."""
    people = (TeamReviewer("acme", "ops"), UserReviewer("carol"))
    override = OverridePolicy(
        reviewers=(*people, PermissionReviewer(Permission.ADMIN)), prevent_self_review=False
    )
    values = dict(list_values(Policy({NAME: EnvironmentPolicy(override=override)})))
    path = ("environments", NAME, "override")
    assert values[*path, "reviewers"] == "team:acme/ops, user:carol, permission:admin"
    assert values[*path, "prevent_self_review"] == "false"


def test_what_the_document_has_comes_from_it_and_the_rest_is_built_in() -> None:
    """With the line, so that a link or an eye finds it."""
    policy, written = with_age(12), {AGE: 6}
    own, other = (traced(policy, it, written=written) for it in (AGE, MODE))
    assert (own.place, own.line, own.value) == ("repository", 6, "12 h")
    assert (other.place, other.line, other.value) == ("built-in", None, "enforce")


def test_the_floor_stands_beside_the_value() -> None:
    """Empty where the organization has nothing for it."""
    assert traced(with_age(12), AGE, floor=with_age(24)).floor == "24 h"
    assert traced(with_age(12), AGE, floor=Policy({})).floor == ""
    assert traced(with_age(12), AGE).floor == ""


@pytest.mark.parametrize(
    ("ages", "since"),
    [
        ((), None),
        ((12,), 0),
        ((12, 12, 24, 12), 1),
        ((12, None, 12), 0),
        ((24, 12), None),
    ],
)
def test_a_value_is_in_force_since_it_was_read_without_a_break(
    ages: tuple[int | None, ...], since: int | None
) -> None:
    """A time without a sound policy is a break; a newest reading of another value is no time."""
    history = [
        PastPolicy(
            before(hours=number),
            dict(list_values(with_age(age))) if age is not None else {},
            is_first=number == len(ages) - 1,
        )
        for number, age in enumerate(ages)
    ]
    expected = None if since is None else NOW - timedelta(hours=since)
    assert traced(with_age(12), AGE, history=history).since == expected


def test_since_when_is_not_known_where_older_readings_are_left_out() -> None:
    """What never changed in those that are here may be older than all of them."""
    ages = (12, 12, 24, 24)
    history = [
        PastPolicy(before(hours=number), dict(list_values(with_age(age))), is_first=False)
        for number, age in enumerate(ages)
    ]
    assert traced(with_age(12), AGE, history=history).since == before(hours=1)
    assert traced(with_age(12), MODE, history=history).since is None


def test_a_key_is_named_within_its_environment() -> None:
    """What belongs to no environment has its whole path."""
    own, badge = traced(with_age(12), AGE), traced(with_age(12), ("badge",))
    assert (own.environment, own.key) == (NAME, "validation.max_age")
    assert (badge.environment, badge.key) == ("", "badge")
    assert traced(with_age(12), ("alerts", "mention")).key == "alerts.mention"


def test_the_place_in_force_is_the_nearest() -> None:
    """The organization's is only a floor where the repository has a policy."""
    place = PolicyPlace("somewhere", "digest")
    basis = PolicyBasis(place, place, place)
    assert place_in_force(basis) == "repository"
    assert place_in_force(replace(basis, repository=None)) == "organization"
    assert place_in_force(PolicyBasis(None, None, place)) == "server"
