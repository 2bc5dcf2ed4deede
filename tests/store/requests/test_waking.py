"""What wakes a request makes it due, and moves the generation so that a pass looks again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from gate.domain.model.ids import RequestId
from gate.domain.model.request import RequestState
from gate.store.engine.database import Database, Transaction
from gate.store.requests.requests import Watch, read_watches
from gate.store.requests.waking import (
    record_missed,
    wake_installation,
    wake_repository,
    wake_requests,
)
from tests.support.builders.defaults import FORK, INSTALLATION, NOW, REPOSITORY, VALIDATION
from tests.support.builders.requests import make_key
from tests.support.rows import answer, asked, column, end, reread, wait

LATER: Final = NOW + timedelta(minutes=1)

Wake = Callable[[Transaction, RequestId], object]

WAKES: Final[dict[str, Wake]] = {
    "request": lambda tx, it: wake_requests(tx, [it], LATER),
    "repository": lambda tx, _: wake_repository(tx, REPOSITORY, LATER),
    "installation": lambda tx, _: wake_installation(tx, INSTALLATION, LATER),
    "missed": lambda tx, it: record_missed(tx, [it], LATER),
}
every_wake = pytest.mark.parametrize("wake", WAKES.values(), ids=WAKES)


@every_wake
def test_a_wake_makes_due_and_moves_the_generation(database: Database, wake: Wake) -> None:
    """A request that rests is due now, and whoever has read it before can tell."""
    resting = wait(database, asked(database))
    database.transact(lambda tx: wake(tx, resting.id))
    assert column(database, resting.id, "due_at", "generation") == (LATER, 2)


@every_wake
@pytest.mark.parametrize("closing", ["answered", "lapsed"])
def test_what_is_closed_is_not_woken(database: Database, wake: Wake, closing: str) -> None:
    """A request that owes nothing stays as it is."""
    request = asked(database)
    if closing == "answered":
        answer(database, request)
    else:
        end(database, request, RequestState.LAPSED)
    closed = reread(database, request)
    database.transact(lambda tx: wake(tx, request.id))
    assert reread(database, request) == closed
    assert column(database, request.id, "due_at") == (None,)


@every_wake
def test_others_sleep_on(database: Database, wake: Wake) -> None:
    """Requests of other repositories and installations are not touched."""
    request = asked(database)
    other = wait(database, asked(database, key=make_key(repository_id=FORK), installation=5))
    database.transact(lambda tx: wake(tx, request.id))
    assert reread(database, other) == other
    assert column(database, other.id, "due_at") == (NOW + timedelta(minutes=5),)


def test_wakes_name_whom_they_woke(database: Database) -> None:
    """The undecided requests that were made due are told, and none else."""
    first = asked(database, key=make_key(run_id=1))
    second = asked(database, key=make_key(run_id=2))
    answer(database, asked(database, key=make_key(run_id=3)))
    woken = database.transact(lambda tx: wake_repository(tx, REPOSITORY, LATER))
    assert sorted(woken) == sorted([first.id, second.id])
    woken = database.transact(lambda tx: wake_installation(tx, INSTALLATION, LATER))
    assert sorted(woken) == sorted([first.id, second.id])
    assert database.transact(lambda tx: wake_repository(tx, FORK, LATER)) == []


def test_waking_nobody(database: Database) -> None:
    """Without ids nothing is woken."""
    request = asked(database)
    database.transact(lambda tx: wake_requests(tx, [], LATER))
    database.transact(lambda tx: record_missed(tx, [], LATER))
    assert reread(database, request) == request


def test_watches_are_those_of_the_last_decision(database: Database) -> None:
    """An undecided request tells the files it rests on; before its decision it watches nothing."""
    fresh = asked(database, key=make_key(run_id=1))
    held = wait(database, asked(database, key=make_key(run_id=2, run_attempt=3)))
    answer(database, asked(database, key=make_key(run_id=3)))
    asked(database, key=make_key(repository_id=FORK))
    found = database.read(lambda it: read_watches(it, REPOSITORY))
    assert sorted(found, key=lambda watch: watch.id) == [
        Watch(fresh.id, fresh.key.run_id, 1, ()),
        Watch(held.id, held.key.run_id, 3, (VALIDATION,)),
    ]


def test_missed_keeps_the_first_time(database: Database) -> None:
    """Since when GitHub does not show a gate is told by the first look, and reads as it was."""
    request = asked(database)
    exact = NOW + timedelta(microseconds=1)
    for at in (exact, LATER):
        database.transact(lambda tx, it=at: record_missed(tx, [request.id], it))  # type: ignore[misc]
    seen = reread(database, request)
    assert seen.missed_at == exact
    assert seen.generation == 3
