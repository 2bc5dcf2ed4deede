"""Nodes lease from one row, one after the other, by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Final

import pytest

from gate.domain.limits.account import Ask, Kind, Leased, Limits, Wait, Why
from gate.domain.limits.bucket import Rate
from gate.domain.limits.quota import QuotaSeen
from gate.store.engine.database import Database
from gate.store.engine.server import server_time
from gate.store.limits import accounts
from tests.store.conftest import OpenDatabase
from tests.support.clock import NOW, FakeClock

LIMITS: Final = Limits({Kind.POINTS: Rate(200, timedelta(minutes=1))}, calls=1000)
INSTALLATION: Final = 77
ASK: Final = Ask("a", {Kind.POINTS: 5}, {}, quota=QuotaSeen(5000, timedelta(hours=1)))

Lease = Callable[[Database, int | None], Leased | Wait]


@pytest.fixture
def lease() -> Lease:
    """Lease a call's points, by a clock that stands still."""
    clock = FakeClock()

    def leased(database: Database, installation_id: int | None) -> Leased | Wait:
        return database.transact(
            lambda tx: accounts.lease_tokens(tx, installation_id, ASK, LIMITS, lambda _: clock())
        )

    return leased


def test_an_account_is_kept(database: Database, lease: Lease) -> None:
    """What was leased before counts; the App and each installation have an account of their own."""
    for _ in range(40):
        assert isinstance(lease(database, INSTALLATION), Leased)
    assert lease(database, INSTALLATION) == Wait(timedelta(seconds=63), Why.POINTS)
    assert isinstance(lease(database, None), Leased)
    assert isinstance(lease(database, 78), Leased)


def test_a_pause_is_everybodys(database: Database, lease: Lease) -> None:
    """Also of a node that never called before, and for an installation without an account."""
    database.transact(
        lambda tx: accounts.pause(tx, INSTALLATION, timedelta(seconds=9), lambda _: NOW)
    )
    paused = Wait(timedelta(seconds=9), Why.PAUSED, is_pause=True)
    assert lease(database, INSTALLATION) == paused


def test_nodes_at_once_get_no_more_than_there_is(open_database: OpenDatabase, lease: Lease) -> None:
    """Whichever is first: 40 calls' worth, the first row of the account included."""
    nodes = [open_database() for _ in range(4)]
    begin, answers = Barrier(4), list[Leased | Wait]()

    def work(node: Database) -> None:
        begin.wait()
        answers.extend(lease(node, INSTALLATION) for _ in range(15))

    threads = [Thread(target=work, args=[it]) for it in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 60
    assert sum(isinstance(it, Leased) for it in answers) == 40


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_the_databases_clock_counts(database: Database) -> None:
    """Two leases in a row are some moment apart, whatever the clock of this machine shows."""

    def wait() -> timedelta:
        # The whole limit at once.
        asked = Ask("a", {Kind.POINTS: 200}, {})
        answer = database.transact(
            lambda tx: accounts.lease_tokens(tx, INSTALLATION, asked, LIMITS, server_time)
        )
        return answer.after if isinstance(answer, Wait) else timedelta(0)

    assert wait() == timedelta(0)
    first = wait()
    assert timedelta(0) < wait() < first <= timedelta(seconds=63)
