"""The life of a gate request, and how it is named."""

import pytest

from gate.domain.model.ids import environment_key
from gate.domain.model.request import TRANSITIONS, UNDECIDED, RequestState, may_become
from tests.support.builders.requests import make_key, make_request

OPEN, WAITING, ANSWERING = RequestState.OPEN, RequestState.WAITING, RequestState.ANSWERING
OVER = [state for state in RequestState if state not in UNDECIDED]


def test_undecided() -> None:
    """Open, waiting and answering requests owe an answer; all others are over."""
    owing = [state for state in RequestState if make_request(state=state).is_undecided]
    assert owing == [OPEN, WAITING, ANSWERING]


@pytest.mark.parametrize("state", RequestState)
@pytest.mark.parametrize("round_", [1, 2])
def test_untouched(state: RequestState, round_: int) -> None:
    """Only an open request of the first round has never been looked at."""
    untouched = make_request(state=state, round=round_).is_untouched
    assert untouched is ((state, round_) == (OPEN, 1))


def test_every_state_is_in_the_table() -> None:
    """The table of transitions knows each state."""
    assert set(TRANSITIONS) == set(RequestState)


@pytest.mark.parametrize("state", RequestState)
def test_staying(state: RequestState) -> None:
    """A request may stay in its state."""
    assert may_become(state, state)


@pytest.mark.parametrize("state", sorted(UNDECIDED))
@pytest.mark.parametrize("target", OVER)
def test_ending(state: RequestState, target: RequestState) -> None:
    """An undecided request may end in any way."""
    assert may_become(state, target)


@pytest.mark.parametrize(
    ("state", "target", "allowed"),
    [
        (OPEN, WAITING, True),
        (OPEN, ANSWERING, True),
        (WAITING, ANSWERING, True),
        (WAITING, OPEN, False),
        (ANSWERING, WAITING, True),
        (ANSWERING, OPEN, False),
    ],
)
def test_before_the_answer(state: RequestState, target: RequestState, allowed: bool) -> None:
    """An answer may be given up before it was sent, but nothing returns to open by itself."""
    assert may_become(state, target) is allowed


@pytest.mark.parametrize("state", OVER)
def test_over(state: RequestState) -> None:
    """A request that is over may only be opened again, by a late job."""
    assert [target for target in RequestState if may_become(state, target)] == (
        [OPEN, *[it for it in OVER if it is state]]
    )


def test_key() -> None:
    """A key is spelled from the widest name to the narrowest, with the folded environment."""
    assert str(make_key(run_attempt=3, environment="Production-Frontend")) == (
        "1001/601/3/production-frontend"
    )


def test_environment_key() -> None:
    """Environments that differ in case only are the same."""
    assert environment_key("Production") == environment_key("PRODUCTION") == "production"
    assert environment_key("production") != environment_key("production ")
