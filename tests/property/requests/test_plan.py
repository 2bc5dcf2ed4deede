"""Over any history of decisions and outcomes GitHub hears little, and one answer a round."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.model.ledger import (
    REPORT_LIMIT,
    Effect,
    EffectKind,
    EffectStatus,
    Ledger,
    LedgerEntry,
)
from gate.domain.model.request import UNDECIDED, GateRequest, RequestState
from gate.domain.requests.decision import Decision
from gate.domain.requests.plan import is_sendable, plan
from tests.property.strategies.overrides import spoken_decisions
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_request

_SENT: Final = (
    EffectStatus.DONE,
    EffectStatus.DONE,
    EffectStatus.REFUSED,
    EffectStatus.UNKNOWN,
    EffectStatus.SENDING,
    EffectStatus.INTENDED,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One pass: what is decided, how the sending ends, and whether a late job asks afterwards."""

    decision: Decision
    outcome: EffectStatus
    late_job: bool
    not_landed: bool


STEPS: Final = st.lists(
    st.builds(
        Step,
        decision=spoken_decisions(),
        outcome=st.sampled_from(_SENT),
        late_job=st.booleans(),
        not_landed=st.booleans(),
    ),
    max_size=25,
)
LEDGERS: Final = st.lists(st.tuples(spoken_decisions(), st.sampled_from(EffectStatus)), max_size=4)


def record(ledger: Ledger, effects: tuple[Effect, ...], round_: int) -> Ledger:
    """Record intents under their keys; withdraw what is not wanted any more and was not begun."""
    wanted = {effect.key: effect for effect in effects}
    entries = [
        entry
        if not is_sendable(entry.status)
        else replace(
            entry, effect=wanted[entry.effect.key], round=round_, status=EffectStatus.INTENDED
        )
        if entry.effect.key in wanted
        else replace(entry, status=EffectStatus.WITHDRAWN)
        for entry in ledger.entries
    ]
    known = {entry.effect.key for entry in entries}
    entries += [
        LedgerEntry(effect, round_, EffectStatus.INTENDED, attempts=0)
        for effect in effects
        if effect.key not in known
    ]
    return Ledger(tuple(entries))


def settle(ledger: Ledger, keys: set[str], status: EffectStatus) -> Ledger:
    """Record how the sending of these effects ended."""
    return Ledger(
        tuple(
            replace(entry, status=status) if entry.effect.key in keys else entry
            for entry in ledger.entries
        )
    )


@settings(max_examples=300)
@given(steps=STEPS)
def test_any_history(steps: list[Step]) -> None:
    """However often it is decided, no call is begun twice unasked, and GitHub's limits hold."""
    request, ledger, begun = make_request(), Ledger(), Counter[str]()
    for number, step in enumerate(steps):
        now = NOW + timedelta(minutes=number)
        effects = plan(step.decision, request, ledger, now)
        assert len(effects) <= 1
        assert not {it.effect.key for it in ledger.entries if it.is_begun} & {
            effect.key for effect in effects
        }
        ledger = record(ledger, effects, request.round)
        if step.outcome is not EffectStatus.INTENDED:
            begun.update(effect.key for effect in effects)
        ledger = settle(ledger, {effect.key for effect in effects}, step.outcome)
        assert max(Counter(it.round for it in ledger.reports).values(), default=0) <= REPORT_LIMIT
        request, ledger, again = answered(request, ledger, step)
        begun -= Counter(again)
        assert max(begun.values(), default=1) == 1
    reviews = [it.round for it in ledger.entries if it.effect.kind is EffectKind.REVIEW]
    assert len(reviews) == len(set(reviews))
    assert sum(key.startswith("report/") for key in begun) <= REPORT_LIMIT * request.round


def answered(
    request: GateRequest, ledger: Ledger, step: Step
) -> tuple[GateRequest, Ledger, list[str]]:
    """Open the next round for a late job, or take back a review proven not to have landed."""
    review = ledger.review(request.round)
    if review is None or not review.is_begun:
        return request, ledger, []
    if review.status is EffectStatus.DONE:
        later = replace(request, round=request.round + 1) if step.late_job else request
        return later, ledger, []
    if step.not_landed:
        return (
            request,
            settle(ledger, {review.effect.key}, EffectStatus.INTENDED),
            [review.effect.key],
        )
    return request, ledger, []


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Draw a ledger as a few passes leave it."""
    request, ledger = make_request(), Ledger()
    for decision, status in draw(LEDGERS):
        effects = plan(decision, request, ledger, NOW)
        ledger = record(ledger, effects, request.round)
        ledger = settle(ledger, {effect.key for effect in effects}, status)
    return ledger


@given(decision=spoken_decisions(), ledger=ledgers(), minutes=st.integers(0, 90))
def test_same_input_same_keys(decision: Decision, ledger: Ledger, minutes: int) -> None:
    """Planning is repeatable, and a later pass over the same ledger gives the same keys."""
    request = make_request()
    effects = plan(decision, request, ledger, NOW)
    assert plan(decision, request, ledger, NOW) == effects
    later = plan(decision, request, ledger, NOW + timedelta(minutes=minutes))
    assert {it.key for it in effects} <= {it.key for it in later}


@given(decision=spoken_decisions(), ledger=ledgers(), status=st.sampled_from(EffectStatus))
def test_a_recorded_plan_is_stable(
    decision: Decision, ledger: Ledger, status: EffectStatus
) -> None:
    """Once begun an effect is not planned again, and until then it is, under the same key."""
    request = make_request()
    effects = plan(decision, request, ledger, NOW)
    recorded = settle(record(ledger, effects, 1), {effect.key for effect in effects}, status)
    again = plan(decision, request, recorded, NOW)
    assert again == (effects if is_sendable(status) else ())


@given(
    decision=spoken_decisions(),
    ledger=ledgers(),
    state=st.sampled_from([it for it in RequestState if it not in UNDECIDED]),
)
def test_closed_owes_nothing(decision: Decision, ledger: Ledger, state: RequestState) -> None:
    """A request that is over owes nothing, whatever is decided or on record."""
    assert plan(decision, make_request(state=state), ledger, NOW) == ()
