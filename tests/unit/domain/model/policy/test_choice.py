"""A policy is chosen again, for a replay, from the places that it was chosen from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.model.policy.policy import InvalidPolicy, PolicyReading, UnavailablePolicy
from gate.domain.model.policy.sources import (
    PolicyPlace,
    choose,
    choose_again,
    without_organization,
)
from tests.support.builders.policies import make_policy

REPOSITORY = replace(make_policy(), source="repository")
ORGANIZATION = replace(make_policy(), source="organization")
SERVER = replace(make_policy(), source="server")
UNAVAILABLE = UnavailablePolicy("GitHub answered 502")
KEPT: dict[str, PolicyReading] = {it.source: it for it in (REPOSITORY, ORGANIZATION, SERVER)}


def read(place: PolicyPlace) -> PolicyReading:
    """Read a place from what is kept."""
    return KEPT[place.source] if place.unavailable is None else UnavailablePolicy(place.unavailable)


@pytest.mark.parametrize("repository", [None, REPOSITORY, UNAVAILABLE])
@pytest.mark.parametrize("organization", [None, ORGANIZATION, UNAVAILABLE])
def test_the_same_places_lead_to_the_same_policy(
    repository: PolicyReading | None, organization: PolicyReading | None
) -> None:
    """Also where one of them could not be read then: a replay does not read it now."""
    choice = choose(repository, organization, SERVER)

    assert choose_again(choice.basis, read) == choice.reading


BROKEN = InvalidPolicy((), "b" * 64, "organization")
LOOSER = InvalidPolicy((), REPOSITORY.digest, "repository")


@pytest.mark.parametrize(
    ("repository", "organization", "shown"),
    [
        (None, None, SERVER),
        (None, ORGANIZATION, None),
        (None, BROKEN, None),
        (None, UNAVAILABLE, UNAVAILABLE),
        (REPOSITORY, None, REPOSITORY),
        (REPOSITORY, ORGANIZATION, REPOSITORY),
        (REPOSITORY, BROKEN, None),
        (REPOSITORY, UNAVAILABLE, UNAVAILABLE),
        (LOOSER, ORGANIZATION, LOOSER),
    ],
)
def test_the_organizations_policy_is_left_out(
    repository: PolicyReading | None,
    organization: PolicyReading | None,
    shown: PolicyReading | None,
) -> None:
    """What the repository's own file says and lacks stays; that one cannot be read, too."""
    choice = choose(repository, organization, SERVER)

    assert without_organization(choice.reading, choice.basis) == shown
