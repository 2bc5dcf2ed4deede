"""Cases in which people speak: claims that are good or have a flaw or two, and who may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.model.facts import Facts
from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.overrides import (
    OverrideAsk,
    OverrideChannel,
    OverrideClaim,
    OverrideRecord,
    Refusal,
    RefusalCode,
    RefusedClaim,
)
from gate.domain.model.policy.policy import EnvironmentPolicy, OverridePolicy, ValidationState
from gate.domain.model.runs import Account
from gate.domain.requests.decision import Decision
from tests.property.strategies.cases import Case, cases
from tests.property.strategies.decisions import HOSTILE, decisions
from tests.support.builders.defaults import ENVIRONMENT, NOW, OTHER_SHA, TICK
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.policies import make_policy
from tests.support.builders.runs import make_account

RISK: Final = "I accept the risk"


@dataclass(frozen=True, slots=True)
class Said:
    """A rationale with what is in it, counted by hand beside the words of `RISK`."""

    text: str
    length: int
    accepts: bool


SAID: Final = (
    Said("The checkout is not touched by this. I accept the risk.", 31, accepts=True),
    Said("i  ACCEPT\n the risk: abcdefghijklmnopqrst", 21, accepts=True),
    Said("I accept the risk abcdefghijklmnopqrs", 19, accepts=True),
    Said("I accept the risk", 0, accepts=True),
    Said("abcdefghijklmnopqrstuvwxyz", 26, accepts=False),
    Said("> I accept the risk\nabcdefghijklmnopqrstuvwxyz", 26, accepts=False),
    Said("I accept the risks abcdefghijklmnopqrstuvwxyz", 41, accepts=False),
    Said("I accept the risk " + "a\u200b " * 20, 20, accepts=True),
    Said("", 0, accepts=False),
    Said("I accept the risk " + "x" * 70_000, 70_000, accepts=True),
)
"""The last one is longer than any that counts."""

PEOPLE: Final = tuple(make_account(login, id=n) for n, login in enumerate(("a", "b", "c"), 1))
_NAMESAKE: Final = make_account("a", id=3)
_FLAWS: Final[tuple[dict[str, Any], ...]] = (
    {"run_id": RunId(602)},
    {"run_attempt": 2},
    {"head_sha": OTHER_SHA},
    {"environment": "staging"},
    {"environment": f"{ENVIRONMENT}-override"},
    {"channel": OverrideChannel.ENVIRONMENT},
    {"is_person": False},
)
_GOOD: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"environment": ENVIRONMENT.title()},
    {"channel": OverrideChannel.ENVIRONMENT, "environment": f"{ENVIRONMENT}-override"},
    {"channel": OverrideChannel.COMMENT},
)
_CHANGES: Final = st.sampled_from([*_GOOD * 3, *_FLAWS])
_TEXTS: Final = st.sampled_from([*SAID[:2] * 4, *SAID])
_SPEAKERS: Final = st.sampled_from([*PEOPLE * 2, _NAMESAKE])
_TICKS: Final = st.sampled_from([-TICK, 0 * TICK, TICK, timedelta(days=9), timedelta(days=9)])
_STANDINGS: Final = st.lists(
    st.builds(
        make_standing, st.sampled_from(PEOPLE), may=st.sampled_from([True, True, True, False])
    ),
    max_size=4,
).map(tuple)
_TRIGGERS: Final[st.SearchStrategy[tuple[AccountId, ...] | None]] = st.sampled_from(
    [None, (), (AccountId(7),), (AccountId(7),), (AccountId(8), AccountId(1))]
)
_HOLDS: Final = (OverridePolicy().holds, tuple(ValidationState), (ValidationState.FAILED,), ())
OVERRIDES: Final = st.builds(
    OverridePolicy,
    allow=st.sampled_from([True, True, True, False]),
    holds=st.sampled_from([*_HOLDS[:2] * 2, *_HOLDS]),
    environment=st.sampled_from([None, None, f"{ENVIRONMENT}-override", "release"]),
    prevent_self_review=st.booleans(),
    approvals=st.sampled_from([1, 1, 2, 3]),
    min_length=st.sampled_from([1, 20, 21]),
)


def _turns(policy: EnvironmentPolicy, facts: Facts) -> list[datetime]:
    """List the instants at which the evidence may have come to stand as it does."""
    age = policy.validation.max_age
    return [
        NOW,
        facts.request.waiting_since,
        *(run.updated_at for run in facts.validations),
        *(run.updated_at for run in facts.infrastructure),
        *(run.started_at + age for run in facts.validations),
    ]


@st.composite
def _claims(draw: st.DrawFn, turns: list[datetime]) -> OverrideClaim:
    return make_claim(
        key=str(draw(st.integers(0, 999))),
        person=draw(_SPEAKERS),
        rationale=draw(_TEXTS).text,
        given_at=draw(st.sampled_from(turns)) + draw(_TICKS),
        **draw(_CHANGES),
    )


@st.composite
def spoken_cases(draw: st.DrawFn) -> Case:
    """Draw a case in which up to four claims were made."""
    case = draw(cases())
    policy, reading = case.policy, case.reading
    if policy is not None:
        policy = replace(policy, override=draw(OVERRIDES))
        reading = make_policy(policy)
    turns = _turns(policy or EnvironmentPolicy(), case.facts)
    facts = replace(
        case.facts,
        claims=tuple(draw(st.lists(_claims(turns), max_size=4, unique_by=lambda it: it.key))),
        standings=draw(_STANDINGS),
        triggered_by=draw(_TRIGGERS),
    )
    return Case(reading, facts, case.now)


_HOSTILE_PEOPLE: Final = st.builds(Account, st.integers(1, 9).map(AccountId), HOSTILE)
_HOSTILE_CLAIMS: Final = st.builds(
    lambda person, said: make_claim(person=person, rationale=said), _HOSTILE_PEOPLE, HOSTILE
)
RECORDS: Final = st.lists(_HOSTILE_CLAIMS, min_size=1, max_size=5).map(
    lambda claims: OverrideRecord(tuple(claims))
)
_REFUSED: Final = st.builds(
    lambda claim, key, codes: RefusedClaim(
        key,
        claim.channel,
        claim.person,
        claim.given_at,
        tuple(Refusal(code, claim.rationale) for code in codes),
    ),
    _HOSTILE_CLAIMS,
    st.sampled_from(["one", "two"]),
    st.lists(st.sampled_from(RefusalCode), min_size=1, max_size=2),
)
_ASKS: Final = st.builds(OverrideAsk, HOSTILE, st.integers(1, 9), st.integers(1, 999), HOSTILE)


@st.composite
def hostile_decisions(draw: st.DrawFn) -> Decision:
    """Draw any decision beside which people, and a policy, said anything at all."""
    return replace(
        draw(decisions(HOSTILE)),
        override=draw(st.one_of(st.none(), RECORDS)),
        ask=draw(st.one_of(st.none(), _ASKS)),
        refused=tuple(draw(st.lists(_REFUSED, max_size=2))),
    )


def _refused(key: str, *codes: RefusalCode) -> RefusedClaim:
    claim = make_claim()
    refusals = tuple(Refusal(code, "") for code in codes)
    return RefusedClaim(key, claim.channel, claim.person, claim.given_at, refusals)


_TOLD: Final = st.sampled_from(
    [
        (),
        (),
        (_refused("one", RefusalCode.RATIONALE_SHORT),),
        (_refused("one", RefusalCode.RATIONALE_SHORT, RefusalCode.NOT_ACKNOWLEDGED),),
        (_refused("two", RefusalCode.SELF_REVIEW),),
        (_refused("one", RefusalCode.BEFORE_RED), _refused("two", RefusalCode.SELF_REVIEW)),
    ]
)


@st.composite
def spoken_decisions(draw: st.DrawFn) -> Decision:
    """Draw any decision beside which some overrides were refused, or are not enough."""
    needed = draw(st.sampled_from([0, 0, 1, 2]))
    return replace(draw(decisions()), refused=draw(_TOLD), needed=needed)
