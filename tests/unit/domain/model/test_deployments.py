"""Of two states of a deployment the later is told, whichever was seen first."""

from __future__ import annotations

from itertools import permutations

import pytest

from gate.domain.model.deployments import is_later, stand_in
from gate.domain.model.ids import DeliveryId
from tests.support.builders.defaults import NOW, TICK

IN_ORDER = (
    "waiting",
    "pending",
    "queued",
    "in_progress",
    "success",
    "failure",
    "error",
    "inactive",
)


@pytest.mark.parametrize(("one", "other"), list(permutations(IN_ORDER, 2)))
def test_in_one_instant_the_further_along_is_later(one: str, other: str) -> None:
    """States of the same second follow the order a deployment goes through them."""
    assert is_later(one, NOW, other, NOW) is (IN_ORDER.index(one) > IN_ORDER.index(other))


@pytest.mark.parametrize("state", [*IN_ORDER, "brand_new"])
def test_time_comes_first(state: str) -> None:
    """Of two instants the later decides, whatever the states; no state is later than itself."""
    assert is_later(state, NOW, "success", NOW - TICK)
    assert not is_later(state, NOW - TICK, "success", NOW)
    assert not is_later(state, NOW, state, NOW)


def test_of_two_unknown_states_one_is_later() -> None:
    """States that GitHub adds are ordered too, before those that mean something."""
    assert is_later("b_new", NOW, "a_new", NOW) is not is_later("a_new", NOW, "b_new", NOW)
    assert is_later("waiting", NOW, "brand_new", NOW)


def test_a_stand_in_is_one_for_each_delivery() -> None:
    """It is below zero, the same for a redelivery, and another for another delivery."""
    ids = [stand_in(DeliveryId(it)) for it in ("one", "two", "one")]
    assert all(it < 0 for it in ids)
    assert ids[0] == ids[2] != ids[1]
