"""A policy is chosen again, for a replay, from the places that it was chosen from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.model.policy import PolicyReading, UnavailablePolicy
from gate.domain.model.policy_sources import PolicyPlace, choose, choose_again
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
