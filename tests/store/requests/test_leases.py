"""One pass at a time works on a request, and whoever lost its lease is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from gate.domain.model.ids import RequestId
from gate.domain.model.request import TRANSITIONS, GateRequest, RequestState, ReviewState
from gate.errors import Superseded
from gate.store.engine.database import Database
from gate.store.requests.leases import (
    Lease,
    check_lease,
    clear_leases,
    record_failure,
    release,
    take_lease,
)
from gate.store.requests.outcomes import record_answer, record_end, record_missing, record_pass
from gate.store.requests.waking import wake_requests
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import NODE, NOW, TICK
from tests.support.builders.requests import make_key, make_request
from tests.support.rows import LENGTH, ask, asked, column, due_ids, lease, make_record, reread
from tests.support.threads import at_once

ENDED: Final = NOW + LENGTH
SOON: Final = NOW + timedelta(minutes=5)


def take(database: Database, request_id: RequestId, now: datetime = NOW) -> Lease | None:
    """Try to take a lease."""
    return database.transact(lambda tx: take_lease(tx, request_id, now, LENGTH, by=NODE))


def free(
    database: Database,
    held: Lease,
    *,
    generation: int = 1,
    due_at: datetime | None = SOON,
    failures: int = 0,
) -> None:
    """End a lease."""
    database.transact(
        lambda tx: release(tx, held, generation=generation, due_at=due_at, failures=failures)
    )


def fail(
    database: Database, request_id: RequestId, token: int | None, *, now: datetime = NOW
) -> None:
    """Let a pass fail; it is due again a minute later for each failure."""
    database.transact(
        lambda tx: record_failure(
            tx, request_id, token, now, lambda failures: NOW + timedelta(minutes=failures)
        )
    )


def due_at(database: Database, request_id: RequestId) -> datetime | None:
    """Read when a request is due."""
    (at,) = column(database, request_id, "due_at")
    assert at is None or isinstance(at, datetime)
    return at


def test_one_of_twenty_threads_gets_the_lease(open_database: OpenDatabase) -> None:
    """However many threads and nodes want a request, one works on it."""
    nodes = [open_database(), open_database()]
    request = asked(nodes[0])
    taken = at_once([lambda it=n: take(nodes[it % 2], request.id) for n in range(20)])  # type: ignore[misc]
    (held,) = [it for it in taken if it is not None]
    assert held == Lease(request.id, 1, 0)


def test_a_lease_ends_by_itself(database: Database) -> None:
    """A lease is held to its last instant, then another takes it under the next token."""
    request = asked(database)
    lease(database, request.id)
    assert take(database, request.id, ENDED - TICK) is None
    assert take(database, request.id, ENDED) == Lease(request.id, 2, 0)


def test_nothing_is_leased_that_is_not_due(database: Database) -> None:
    """A request that rests, is closed or unknown cannot be taken; on its instant it can."""
    request = asked(database)
    assert take(database, RequestId(404)) is None
    assert take(database, request.id, NOW - TICK) is None
    free(database, lease(database, request.id), due_at=SOON)
    assert take(database, request.id, SOON - TICK) is None
    free(database, lease(database, request.id, SOON), due_at=None)
    assert take(database, request.id, SOON + timedelta(days=1)) is None


def test_whoever_lost_the_lease_is_superseded(database: Database) -> None:
    """Once another has taken over, the old token writes nothing, and gives nothing back."""
    request = asked(database)
    old = lease(database, request.id)
    assert database.transact(lambda tx: check_lease(tx, old)) == 1
    new = lease(database, request.id, ENDED)
    with pytest.raises(Superseded, match="lease_lost"):
        database.transact(lambda tx: check_lease(tx, old))
    assert database.transact(lambda tx: check_lease(tx, new)) == 1
    free(database, old, due_at=None)
    assert column(database, request.id, "lease_until", "due_at") == (ENDED + LENGTH, NOW)


def test_an_expired_lease_holds_until_another_takes_it(database: Database) -> None:
    """A slow pass that nobody replaced may still write: its token is the newest."""
    request = asked(database)
    slow = lease(database, request.id)
    assert database.transact(lambda tx: check_lease(tx, slow)) == 1


def test_a_request_that_is_gone_supersedes(database: Database) -> None:
    """Whoever holds the lease of a request that was deleted is told the same."""
    with pytest.raises(Superseded, match="lease_lost"):
        database.transact(lambda tx: check_lease(tx, Lease(RequestId(404), 1, 0)))


def test_release_says_when_to_look_next(database: Database) -> None:
    """A pass that saw the newest generation says when the request is due, and counts failures."""
    request = asked(database)
    free(database, lease(database, request.id), failures=2)
    assert column(database, request.id, "due_at", "lease_until", "failures") == (SOON, None, 2)
    assert lease(database, request.id, SOON).failures == 2


@pytest.mark.parametrize("by", ["wake", "join"])
def test_what_moved_meanwhile_stays_due(database: Database, by: str) -> None:
    """When something changed during a pass, the request stays due whatever the pass had found."""
    request = asked(database)
    held = lease(database, request.id)
    woken = NOW + timedelta(seconds=1)
    if by == "wake":
        database.transact(lambda tx: wake_requests(tx, [request.id], woken))
    else:
        ask(database, deployment=32, now=woken)
    assert database.transact(lambda tx: check_lease(tx, held)) == 2
    free(database, held, due_at=None)
    assert column(database, request.id, "due_at", "lease_until") == (woken, None)
    assert database.read(lambda it: due_ids(it, woken, 10)) == [request.id]


def test_a_failed_pass_gives_its_lease_back(database: Database) -> None:
    """Each failure counts, and the next look is put off by what the failures say."""
    request = asked(database)
    for number in (1, 2):
        held = lease(database, request.id, NOW + timedelta(hours=number))
        fail(database, request.id, held.token)
        assert due_at(database, request.id) == NOW + timedelta(minutes=number)
    assert column(database, request.id, "failures", "lease_until") == (2, None)


def test_a_failure_wakes_nothing_that_rests(database: Database) -> None:
    """A request that is not due any more, or not there, stays so."""
    request = asked(database)
    free(database, lease(database, request.id), due_at=None)
    for request_id in (request.id, RequestId(404)):
        fail(database, request_id, 1)
    assert column(database, request.id, "due_at", "failures") == (None, 0)


@pytest.mark.parametrize("token", [1, None])
def test_a_late_failure_disturbs_nobody(database: Database, token: int | None) -> None:
    """A pass that lost its lease, or never had one, leaves alone whoever works on the request."""
    request = asked(database)
    lease(database, request.id)
    held = lease(database, request.id, ENDED)
    before = column(database, request.id, "failures", "due_at", "lease_until")
    fail(database, request.id, token, now=ENDED)
    assert column(database, request.id, "failures", "due_at", "lease_until") == before
    assert database.transact(lambda tx: check_lease(tx, held)) == 1


@pytest.mark.parametrize("when", ["before any lease", "after one that ran out"])
def test_a_pass_that_cannot_begin_is_put_off(database: Database, when: str) -> None:
    """A pass that fails before it has a lease counts as well, while nobody holds one."""
    request, now = asked(database), NOW
    if when == "after one that ran out":
        lease(database, request.id)
        now = ENDED
    fail(database, request.id, None, now=now)
    wanted = (1, NOW + timedelta(minutes=1))
    assert column(database, request.id, "failures", "due_at") == wanted


def test_a_lone_process_voids_all_leases(database: Database) -> None:
    """After a start the leases of the process before block nobody, and it cannot use them."""
    requests = [asked(database, key=make_key(run_id=n)) for n in (1, 2)]
    old = [lease(database, request.id) for request in requests]
    database.transact(clear_leases)
    for request, gone in zip(requests, old, strict=True):
        assert lease(database, request.id).token == gone.token + 1
        with pytest.raises(Superseded):
            database.transact(lambda tx, it=gone: check_lease(tx, it))  # type: ignore[misc]


def test_a_pass_is_written_as_it_was(database: Database) -> None:
    """What a pass found can be read in the request."""
    request = asked(database)
    held = lease(database, request.id)
    record = make_record(missed_at=NOW + TICK)
    database.transact(lambda tx: record_pass(tx, held, request, record, until=NOW))
    names = ("verdict", "reason", "decision_id", "policy_digest", "give_up_at", "recheck_at")
    assert column(database, request.id, *names) == tuple(getattr(record, name) for name in names)
    seen = reread(database, request)
    assert (seen.state, seen.missed_at) == (RequestState.WAITING, NOW + TICK)


@pytest.mark.parametrize("review", ReviewState)
def test_an_answer_covers_what_was_asked(database: Database, review: ReviewState) -> None:
    """An answered request owes nothing any more, and tells what GitHub was told and when."""
    request = asked(database)
    held = lease(database, request.id)
    database.transact(lambda tx: record_missing(tx, held, request, NOW))
    database.transact(lambda tx: record_answer(tx, held, request, review, SOON))
    seen = reread(database, request)
    assert seen.state.value == review.value
    assert (seen.unanswered, seen.answer, seen.answered_at) == ((), review, SOON)
    assert seen.missed_at is None


def test_an_end_without_an_answer(database: Database) -> None:
    """A request that is over says why, and that it was not answered."""
    request = asked(database)
    held = lease(database, request.id)
    database.transact(
        lambda tx: record_end(tx, held, request, RequestState.LAPSED, "run_completed", now=NOW)
    )
    seen = reread(database, request)
    assert (seen.state, seen.answer, seen.unanswered) == (RequestState.LAPSED, None, ())
    assert column(database, request.id, "verdict", "reason") == ("closed", "run_completed")


def test_missing_since_the_first_look(database: Database) -> None:
    """Since when a gate is missing is kept, however often it is looked for."""
    request = asked(database)
    held = lease(database, request.id)
    for at in (NOW, SOON):
        seen = reread(database, request)
        database.transact(lambda tx, it=seen, now=at: record_missing(tx, held, it, now))  # type: ignore[misc]
    assert reread(database, request).missed_at == NOW


def move(database: Database, held: Lease, request: GateRequest, target: RequestState) -> None:
    """Write the move to a state, by whatever function writes that state."""
    if target in {RequestState.APPROVED, RequestState.REJECTED}:
        review = ReviewState(target.value)
        database.transact(lambda tx: record_answer(tx, held, request, review, NOW))
    elif target in {RequestState.OPEN, RequestState.WAITING, RequestState.ANSWERING}:
        record = make_record(state=target)
        database.transact(lambda tx: record_pass(tx, held, request, record, until=NOW))
    else:
        database.transact(
            lambda tx: record_end(tx, held, request, target, "run_completed", now=NOW)
        )


@pytest.mark.parametrize("target", RequestState)
@pytest.mark.parametrize("state", RequestState)
def test_only_legal_moves_are_written(
    leased: tuple[Database, GateRequest, Lease], state: RequestState, target: RequestState
) -> None:
    """A move the lifecycle does not know is refused, and leaves the request as it was."""
    database, request, held = leased
    before = column(database, request.id, "state", "verdict", "answer")
    current = make_request(id=request.id, state=state)
    if target is state or target in TRANSITIONS[state]:
        move(database, held, current, target)
        assert column(database, request.id, "state") == (target.value,)
        return
    with pytest.raises(ValueError, match=f"is {state} and cannot become {target}"):
        move(database, held, current, target)
    assert column(database, request.id, "state", "verdict", "answer") == before


@pytest.fixture
def leased(database: Database) -> tuple[Database, GateRequest, Lease]:
    """Provide a request and its lease."""
    request = asked(database)
    return database, request, lease(database, request.id)
