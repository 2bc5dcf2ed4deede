"""Draw policies, and policies that are broken or cannot be read."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    Covers,
    EnvironmentPolicy,
    InvalidPolicy,
    Mode,
    PolicyReading,
    Problem,
    Reaction,
    UnavailablePolicy,
)
from tests.support.builders.defaults import BRANCH
from tests.support.builders.policies import make_environment, make_policy

AGES: Final = (timedelta(minutes=4), timedelta(hours=1), timedelta(hours=24))
_HOLDS: Final = (timedelta(minutes=8), timedelta(hours=1), timedelta(hours=24), LONGEST_HOLD)


def _environments(mode: tuple[Mode, ...]) -> list[EnvironmentPolicy]:
    """Make policies that change a few of the defaults each, the default first."""
    random = Random(20260302)
    options: dict[str, tuple[Any, ...]] = {
        "max_age": AGES,
        "covers": tuple(Covers),
        "required_jobs": ((), ("flows",), ("flows", "report"), ("lint",)),
        "branch": (None, BRANCH, "feature"),
        "events": (("push", "schedule"), ("push",), ("schedule",)),
        "give_up_after": _HOLDS,
        "mode": mode,
        **dict.fromkeys(("failed", "running", "inconclusive", "missing", "stale"), tuple(Reaction)),
    }
    made = [make_environment(mode=mode[0])]
    for _ in range(500):
        changed = random.sample(sorted(options), random.randint(0, 5))
        made.append(
            make_environment(
                **{"mode": mode[0]} | {key: random.choice(options[key]) for key in changed}
            )
        )
    return made


ENFORCED: Final = st.sampled_from(_environments((Mode.ENFORCE,)))
_ANY: Final = st.sampled_from(_environments((Mode.ENFORCE, Mode.OBSERVE)))
_BROKEN: Final[st.SearchStrategy[PolicyReading]] = st.sampled_from(
    [
        InvalidPolicy((Problem(1, 1, "version", "write 1"),), "sha256:bad", "the file"),
        UnavailablePolicy("GitHub answered 502"),
        make_policy(name="staging"),
        make_policy(name="staging", mode=Mode.OBSERVE),
    ]
)
STRICT: Final[st.SearchStrategy[PolicyReading]] = ENFORCED.map(make_policy)
READINGS: Final = st.one_of(_ANY.map(make_policy), _ANY.map(make_policy), _BROKEN)
