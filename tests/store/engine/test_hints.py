"""What a transaction makes due is passed on when it is durable, and never before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import DeliveryId, NodeId, RepositoryId, RequestId
from gate.store.engine.database import Database, Transaction
from gate.store.engine.hints import note, retract
from gate.store.inbox import deliveries
from gate.store.inbox.deliveries import NewDelivery, record_delivery
from gate.store.incidents import checks

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
NODE = NodeId("n-1")


class Recorder:
    """A carrier that keeps what it is given, and can fail to store."""

    def __init__(self) -> None:
        self.stored: list[Sequence[Hint]] = []
        self.passed: list[Hint] = []
        self.failing: Exception | None = None

    def store(self, tx: Transaction, hints: Sequence[Hint]) -> Sequence[Hint]:
        self.stored.append(hints)
        if self.failing is not None:
            raise self.failing
        return hints

    def pass_on(self, hints: Sequence[Hint]) -> None:
        self.passed += hints


@pytest.fixture
def carrier() -> Recorder:
    """Provide a carrier that keeps what it is given."""
    return Recorder()


@pytest.fixture
def database(database_url: str, carrier: Recorder) -> Iterator[Database]:
    """Provide a database with a carrier."""
    opened = Database(database_url)
    opened.carry_by(carrier)
    yield opened
    opened.close()


def deliver(tx: Transaction, name: str) -> None:
    """Store a delivery."""
    record_delivery(tx, NewDelivery(DeliveryId(name), "push", NOW, b"{}"))


def test_what_is_stored_is_told_after_the_commit(database: Database, carrier: Recorder) -> None:
    """Whoever is told finds the row."""
    database.transact(lambda tx: deliver(tx, "d-1"))
    assert carrier.passed == [DeliveryHint(DeliveryId("d-1"), NOW)]
    assert database.read(lambda it: deliveries.rows.due(it, NOW, 9)) == ["d-1"]


def test_a_rolled_back_transaction_tells_nobody(database: Database, carrier: Recorder) -> None:
    """Nor does the next one on the same connection."""

    def fail(tx: Transaction) -> None:
        deliver(tx, "lost")
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        database.transact(fail)
    assert (carrier.stored, carrier.passed) == ([], [])
    database.transact(lambda tx: deliver(tx, "d-2"))
    assert carrier.passed == [DeliveryHint(DeliveryId("d-2"), NOW)]


def test_of_a_shared_commit_only_what_was_kept_is_told(
    database: Database, carrier: Recorder
) -> None:
    """A job that fails among others takes its hints with it."""
    ended: list[BaseException | None] = []

    def settle(_result: object, failure: BaseException | None) -> None:
        ended.append(failure)

    def hand_over(calls: object) -> None:
        for call in calls:  # type: ignore[attr-defined]
            call()

    def fail(tx: Transaction) -> None:
        deliver(tx, "lost")
        raise ValueError("undone")

    database.submit(lambda tx: deliver(tx, "d-1"), settle, hand_over)
    database.submit(fail, settle, hand_over)
    database.submit(lambda tx: deliver(tx, "d-3"), settle, hand_over)
    database.close()
    assert sorted(map(str, ended)) == ["None", "None", "undone"]
    assert {it.delivery_id for it in carrier.passed if isinstance(it, DeliveryHint)} == {
        "d-1",
        "d-3",
    }


def test_what_a_carrier_cannot_store_is_not_committed(
    database: Database, carrier: Recorder
) -> None:
    """What others must hear of is durable with the facts, or neither is."""
    carrier.failing = ValueError("no room")
    with pytest.raises(ValueError, match="no room"):
        database.transact(lambda tx: deliver(tx, "d-1"))
    assert carrier.passed == []
    assert database.read(lambda it: deliveries.rows.due(it, NOW, 9)) == []


def test_what_a_transaction_takes_up_itself_is_not_told(
    database: Database, carrier: Recorder
) -> None:
    """A pass that is begun where its request was made due needs nobody else."""

    def work(tx: Transaction) -> None:
        for number in (1, 2):
            note(tx, RequestHint(RequestId(number), NOW))
        retract(tx, RequestId(1))

    database.transact(work)
    assert carrier.passed == [RequestHint(RequestId(2), NOW)]


def test_a_row_that_is_postponed_tells_when_it_is_due(
    database: Database, carrier: Recorder
) -> None:
    """And news that come while somebody works on it leave it due, and are told when they go."""
    known = RepositoryId(7)
    database.transact(lambda tx: checks.mark_check(tx, known, NOW))
    taken = database.transact(lambda tx: checks.rows.take(tx, known, NOW, LATER, by=NODE))
    assert taken is not None
    carrier.passed.clear()
    database.transact(lambda tx: checks.rows.postpone(tx, taken, LATER))
    assert carrier.passed == [WorkHint(Work.INCIDENTS, LATER)]
    again = database.transact(
        lambda tx: checks.rows.take(tx, known, LATER, LATER + timedelta(minutes=1), by=NODE)
    )
    assert again is not None
    database.transact(lambda tx: checks.mark_check(tx, known, LATER))
    carrier.passed.clear()
    database.transact(lambda tx: checks.rows.settle(tx, again))
    assert carrier.passed == [WorkHint(Work.INCIDENTS, LATER)]
