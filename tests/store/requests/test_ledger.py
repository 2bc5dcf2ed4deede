"""An effect is intended, begun once, and settled; what was begun is never rewritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gate.domain.model.ids import DecisionId
from gate.domain.model.ledger import Effect, EffectKind, EffectStatus, Ledger, LedgerEntry
from gate.domain.model.request import GateRequest, ReviewState
from gate.errors import Superseded
from gate.store.engine.database import Database
from gate.store.engine.tables.requests import effects
from gate.store.requests.ledger import read_ledger, record_begun, record_intents, record_outcome
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_report, make_review
from tests.support.builders.requests import make_key
from tests.support.rows import asked
from tests.support.threads import at_once

REVIEW = make_review().effect
REPORT = make_report().effect
LATER = NOW + timedelta(microseconds=1)


def ledger(database: Database, request: GateRequest) -> Ledger:
    """Read the effects of a request."""
    return database.read(lambda snapshot: read_ledger(snapshot, request.id))


def intend(database: Database, request: GateRequest, *effects: Effect) -> Ledger:
    """Record what is owed now, as a pass does: on what the same transaction has read."""
    database.transact(
        lambda tx: record_intents(
            tx,
            request,
            read_ledger(tx, request.id),
            effects,
            decision_id=DecisionId(1),
            now=NOW,
        )
    )
    return ledger(database, request)


def begin(database: Database, effect: Effect) -> None:
    """Begin an effect."""
    database.transact(lambda tx: record_begun(tx, effect, LATER))


def settle(database: Database, effect: Effect, status: EffectStatus) -> None:
    """Record how an attempt ended."""
    database.transact(lambda tx: record_outcome(tx, effect.key, status, "said", LATER))


def only(found: Ledger) -> LedgerEntry:
    """Return the one entry there is."""
    (entry,) = found.entries
    return entry


def test_an_intent_is_read_as_it_was_written(database: Database) -> None:
    """An effect that is owed stands in the ledger, not begun."""
    request = asked(database)
    assert ledger(database, request) == Ledger()
    assert intend(database, request, REVIEW) == Ledger((make_review(),))


def test_an_intent_that_stands_is_brought_up_to_date(database: Database) -> None:
    """Until it is begun, an effect says what the newest decision wants it to say."""
    request = asked(database)
    intend(database, request, REVIEW)
    changed = replace(REVIEW, state=ReviewState.REJECTED, comment="Rejected", topic="gave_up")
    assert only(intend(database, request, changed)).effect == changed


def test_what_is_not_wanted_any_more_is_withdrawn(database: Database) -> None:
    """An effect that was never begun is withdrawn, cannot be begun, and may be intended again."""
    request = asked(database)
    intend(database, request, REVIEW)
    assert only(intend(database, request)).status is EffectStatus.WITHDRAWN
    with pytest.raises(Superseded, match="generation_moved"):
        begin(database, REVIEW)
    assert only(intend(database, request, REVIEW)).status is EffectStatus.INTENDED


@pytest.mark.parametrize(
    "status",
    [EffectStatus.SENDING, EffectStatus.UNKNOWN, EffectStatus.DONE, EffectStatus.REFUSED],
)
@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_begun_is_never_touched(
    database: Database, status: EffectStatus, wanted: bool
) -> None:
    """GitHub may have seen it, so neither a new intent nor a change of mind rewrites it."""
    request = asked(database)
    intend(database, request, REVIEW)
    begin(database, REVIEW)
    if status is not EffectStatus.SENDING:
        settle(database, REVIEW, status)
    before = ledger(database, request)
    changed = replace(REVIEW, state=ReviewState.REJECTED, comment="Rejected")
    assert intend(database, request, *([changed] if wanted else [])) == before


def test_an_effect_is_begun_once(database: Database) -> None:
    """The second to begin an effect is superseded, and nothing is counted for it."""
    request = asked(database)
    intend(database, request, REVIEW)
    begin(database, REVIEW)
    with pytest.raises(Superseded):
        begin(database, REVIEW)
    assert only(ledger(database, request)) == LedgerEntry(
        REVIEW,
        round=1,
        status=EffectStatus.SENDING,
        attempts=1,
        first_sent=ReviewState.APPROVED,
        begun_at=LATER,
    )


@pytest.mark.parametrize("known", [False, True], ids=["new", "intended before"])
def test_an_effect_may_be_begun_as_it_is_intended(database: Database, known: bool) -> None:
    """Then it stands in the ledger as if it had been begun right after, and once only."""
    request = asked(database)
    before = intend(database, request, REVIEW) if known else Ledger()
    database.transact(
        lambda tx: record_intents(
            tx, request, before, (REVIEW,), decision_id=None, now=LATER, begin=EffectKind.REVIEW
        )
    )
    assert only(ledger(database, request)) == LedgerEntry(
        REVIEW,
        round=1,
        status=EffectStatus.SENDING,
        attempts=1,
        first_sent=ReviewState.APPROVED,
        begun_at=LATER,
    )
    with pytest.raises(Superseded):
        begin(database, REVIEW)


def test_only_the_kind_that_is_asked_for_is_begun(database: Database) -> None:
    """A report is begun right before it is sent."""
    request = asked(database)
    database.transact(
        lambda tx: record_intents(
            tx, request, Ledger(), (REPORT,), decision_id=None, now=NOW, begin=EffectKind.REVIEW
        )
    )
    assert only(ledger(database, request)).status is EffectStatus.INTENDED


def test_one_of_twenty_threads_begins(open_database: OpenDatabase) -> None:
    """However many would send the same effect at once, one may."""
    nodes = [open_database(), open_database()]
    request = asked(nodes[0])
    intend(nodes[0], request, REVIEW)

    def try_one(number: int) -> bool:
        try:
            begin(nodes[number % 2], REVIEW)
        except Superseded:
            return False
        return True

    assert sum(at_once([lambda it=n: try_one(it) for n in range(20)])) == 1  # type: ignore[misc]
    assert only(ledger(nodes[0], request)).attempts == 1


def test_what_is_unknown_cannot_be_begun(database: Database) -> None:
    """An effect that nobody intended is not sent."""
    with pytest.raises(Superseded):
        begin(database, REVIEW)


@pytest.mark.parametrize(
    "status",
    [EffectStatus.UNKNOWN, EffectStatus.DONE, EffectStatus.REFUSED, EffectStatus.INTENDED],
)
def test_an_outcome_is_kept(database: Database, status: EffectStatus) -> None:
    """How an attempt ended stands in the ledger, beside when it was begun."""
    request = asked(database)
    intend(database, request, REVIEW)
    begin(database, REVIEW)
    settle(database, REVIEW, status)
    entry = only(ledger(database, request))
    assert (entry.status, entry.outcome, entry.begun_at) == (status, "said", LATER)


def test_the_first_answer_sent_is_remembered(database: Database) -> None:
    """A second attempt with another answer does not hide what GitHub may have been told first."""
    request = asked(database)
    intend(database, request, REVIEW)
    begin(database, REVIEW)
    settle(database, REVIEW, EffectStatus.INTENDED)
    changed = replace(REVIEW, state=ReviewState.REJECTED)
    intend(database, request, changed)
    begin(database, changed)
    entry = only(ledger(database, request))
    assert entry.effect.state is ReviewState.REJECTED
    assert (entry.first_sent, entry.attempts) == (ReviewState.APPROVED, 2)


def test_a_report_has_no_answer(database: Database) -> None:
    """A status report is sent without a state."""
    request = asked(database)
    intend(database, request, REPORT)
    begin(database, REPORT)
    entry = only(ledger(database, request))
    assert (entry.effect.kind, entry.effect.state, entry.first_sent) == (
        EffectKind.REPORT,
        None,
        None,
    )


def test_effects_stand_in_the_order_of_their_intents(database: Database) -> None:
    """The order is that of the first intents, whatever was changed since, or intended together."""
    request = asked(database)
    second, third = make_report(2).effect, make_report(3).effect
    intend(database, request, third)
    intend(database, request, third, REVIEW, second)
    begin(database, REVIEW)
    begin(database, third)
    found = ledger(database, request)
    assert [it.effect.key for it in found.entries] == [third.key, REVIEW.key, second.key]
    positions = select(effects.c.position).order_by(effects.c.position)
    assert database.read(lambda it: list(it.scalars(positions))) == [0, 1, 2]


def test_ledgers_are_kept_apart(database: Database) -> None:
    """What one request owes is not seen in another."""
    first = asked(database)
    second = asked(database, key=make_key(run_id=2))
    intend(database, first, REVIEW)
    assert ledger(database, second) == Ledger()
