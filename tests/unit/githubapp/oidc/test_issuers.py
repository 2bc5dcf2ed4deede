"""Few enterprises' keys are known at once, and one that has proven itself stays."""

from __future__ import annotations

from typing import Final

import pytest

from gate.errors import RetryLater
from gate.githubapp.oidc.issuers import MOST_ISSUERS, Issuers
from gate.githubapp.oidc.jwks import COOLDOWN
from tests.support.clock import FakeClock

BASE: Final = "https://token.actions.example"


def named(number: int) -> str:
    """Name one enterprise's issuer."""
    return f"{BASE}/enterprise-{number}"


def test_names_that_come_all_at_once_are_put_off() -> None:
    """Whoever invents enterprises causes no more readings than there is room for."""
    clock = FakeClock()
    issuers = Issuers(BASE, clock)
    first = [issuers.keys(named(it)) for it in range(MOST_ISSUERS)]
    with pytest.raises(RetryLater) as caught:
        issuers.keys(named(MOST_ISSUERS))
    assert caught.value.reason == "keys_unavailable"
    assert issuers.keys(named(0)) is first[0]
    assert issuers.keys(BASE) is issuers.keys(BASE)
    clock.advance(seconds=COOLDOWN.total_seconds() + 1)
    assert issuers.keys(named(MOST_ISSUERS)) is issuers.keys(named(MOST_ISSUERS))
    assert issuers.keys(named(0)) is first[0]


def test_an_issuer_that_has_signed_for_us_is_kept() -> None:
    """Names that prove nothing make room for one another."""
    clock = FakeClock()
    issuers = Issuers(BASE, clock)
    proven = issuers.keys(named(0))
    issuers.record_proof(named(0))
    for number in range(1, 3 * MOST_ISSUERS):
        clock.advance(seconds=COOLDOWN.total_seconds() + 1)
        issuers.keys(named(number))
    assert issuers.keys(named(0)) is proven
