"""A request is opened once, joined by every job, and opened again for what no answer covers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.model.ids import InstallationId, RequestId
from gate.domain.model.request import CLOSED_WITHOUT_US, RequestState, ReviewState
from gate.domain.requests.opening import Opening
from gate.store.engine.database import Database
from gate.store.requests.requests import (
    count_undecided,
    due_requests,
    find_request,
    known_environments,
    read_request,
    undecided_requests,
)
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import FORK, NOW, REPOSITORY, before
from tests.support.builders.requests import make_key, make_request
from tests.support.rows import answer, ask, asked, column, due_ids, end, lease, reread, wait
from tests.support.threads import at_once

LATER = NOW + timedelta(minutes=10)


def test_a_new_request_is_as_github_asked(database: Database) -> None:
    """The first asking opens a request, which is due at once and reads the same again."""
    request, opening = ask(database, now=before(minutes=1))
    assert opening is Opening.NEW
    assert request == make_request(id=request.id)
    assert reread(database, request) == request
    assert database.read(lambda it: find_request(it, make_key())) == request
    assert database.read(lambda it: due_ids(it, NOW, 10)) == [request.id]


def test_nothing_is_found_of_what_was_never_asked(database: Database) -> None:
    """A request that does not exist is None, by number and by key."""
    assert database.read(lambda it: read_request(it, RequestId(404))) is None
    assert database.read(lambda it: find_request(it, make_key())) is None


def test_twenty_threads_open_one_request(database: Database) -> None:
    """Of twenty that bring the same asking at once one opens the request."""
    told = at_once([lambda: ask(database)] * 20)
    assert sorted(opening for _, opening in told) == [Opening.KNOWN] * 19 + [Opening.NEW]
    assert len({request.id for request, _ in told}) == 1


def test_jobs_that_ask_at_once_are_all_joined(open_database: OpenDatabase) -> None:
    """When two nodes are told of different jobs at once, none of the jobs is lost."""
    nodes = [open_database(), open_database()]
    at_once([lambda it=n: ask(nodes[it % 2], deployment=it) for n in range(1, 9)])  # type: ignore[misc]
    found = nodes[0].read(lambda it: find_request(it, make_key()))
    assert found is not None
    assert sorted(found.deployment_ids) == list(range(1, 9))
    assert sorted(found.unanswered) == list(range(1, 9))
    assert found.generation == 8


def test_the_same_job_again_is_known(database: Database) -> None:
    """A doubled delivery changes nothing: not even the generation."""
    request = asked(database)
    assert ask(database, now=LATER) == (request, Opening.KNOWN)


def test_one_more_job_joins(database: Database) -> None:
    """A second job of the same attempt is folded in, and the request is looked at again."""
    first = wait(database, asked(database))
    joined, opening = ask(database, deployment=32, now=NOW)
    assert opening is Opening.JOINED
    assert joined == make_request(
        id=first.id,
        state=RequestState.WAITING,
        waiting_since=NOW,
        deployment_ids=(31, 32),
        unanswered=(31, 32),
        generation=2,
    )
    assert database.read(lambda it: due_ids(it, NOW, 10)) == [first.id]


def test_environments_are_one_whatever_their_spelling(database: Database) -> None:
    """Names that differ in case are one environment, and the first spelling is kept."""
    first = asked(database, environment="Production")
    second, opening = ask(database, environment="PRODUCTION", deployment=32)
    assert (second.id, opening) == (first.id, Opening.JOINED)
    assert second.environment == "Production"


@pytest.mark.parametrize(
    "key",
    [
        make_key(run_attempt=2),
        make_key(run_id=602),
        make_key(repository_id=FORK),
        make_key(environment="staging"),
    ],
    ids=str,
)
def test_each_part_of_the_key_tells_requests_apart(database: Database, key: object) -> None:
    """Another attempt, run, repository or environment is another request."""
    first = asked(database)
    second = asked(database, key=key)
    assert second.id != first.id


@pytest.mark.parametrize("review", ReviewState)
def test_a_late_job_opens_an_answered_request_again(
    database: Database, review: ReviewState
) -> None:
    """A job the answer did not cover starts a round of its own, and only it is unanswered."""
    answered = answer(database, asked(database), review)
    assert answered.unanswered == ()
    again, opening = ask(database, deployment=32, now=LATER)
    assert opening is Opening.REOPENED
    assert again == make_request(
        id=answered.id,
        round=2,
        deployment_ids=(31, 32),
        unanswered=(32,),
        opened_at=NOW,
        waiting_since=LATER,
        answer=review,
        answered_at=NOW,
        generation=2,
    )
    assert database.read(lambda it: due_ids(it, LATER, 10)) == [again.id]


@pytest.mark.parametrize("deployment", [31, None])
def test_what_was_answered_is_not_asked_again(database: Database, deployment: int | None) -> None:
    """A doubled delivery, or a run that GitHub still shows waiting, reopens no answered request."""
    answered = answer(database, asked(database))
    assert ask(database, deployment=deployment) == (answered, Opening.KNOWN)


@pytest.mark.parametrize("state", sorted(CLOSED_WITHOUT_US))
def test_a_wrongly_closed_request_opens_when_github_waits(
    database: Database, state: RequestState
) -> None:
    """Seen waiting at GitHub, a request that was closed without our answer is open again."""
    closed = end(database, asked(database), state)
    assert closed.state is state
    again, opening = ask(database, deployment=None, now=LATER)
    assert opening is Opening.REOPENED
    assert (again.state, again.round, again.deployment_ids) == (RequestState.OPEN, 2, (31,))
    assert again.missed_at is None
    assert database.read(lambda it: due_ids(it, LATER, 10)) == [again.id]


@pytest.mark.parametrize("state", sorted(CLOSED_WITHOUT_US))
def test_an_old_delivery_does_not_open_what_was_closed(
    database: Database, state: RequestState
) -> None:
    """A delivery that tells of a known job once more says nothing about how things stand now."""
    closed = end(database, asked(database), state)
    assert ask(database, deployment=31) == (closed, Opening.KNOWN)


def test_adoption_opens_a_request_without_jobs(database: Database) -> None:
    """A run seen waiting although nobody told of it gets a request; its job may join later."""
    request, opening = ask(database, deployment=None)
    assert (opening, request.deployment_ids) == (Opening.NEW, ())
    assert ask(database, deployment=None) == (request, Opening.KNOWN)
    joined, opening = ask(database, deployment=31)
    assert (opening, joined.deployment_ids, joined.unanswered) == (Opening.JOINED, (31,), (31,))


def test_a_reopened_request_forgets_its_failures(database: Database) -> None:
    """Failures of an earlier round do not slow down the next one."""
    answer(database, asked(database))
    again, _ = ask(database, deployment=32)
    assert column(database, again.id, "failures", "missed_at") == (0, None)


def test_undecided_are_those_that_owe_an_answer(database: Database) -> None:
    """Requests of one repository are listed until they are answered or closed."""
    opened = asked(database, key=make_key(run_id=1))
    held = wait(database, asked(database, key=make_key(run_id=2)))
    answer(database, asked(database, key=make_key(run_id=3)))
    end(database, asked(database, key=make_key(run_id=4)), RequestState.LAPSED)
    asked(database, key=make_key(repository_id=FORK))
    assert database.read(lambda it: undecided_requests(it, REPOSITORY)) == [opened, held]


def test_known_environments_leave_out_what_closed_without_us(database: Database) -> None:
    """The environments of an attempt that wait or were answered need no adoption."""
    for name in ("Waiting", "answered", "lapsed"):
        asked(database, environment=name, key=make_key(environment=name))
    asked(database, key=make_key(environment="other-attempt", run_attempt=2))
    for name, state in (("answered", None), ("lapsed", RequestState.LAPSED)):
        key = make_key(environment=name)
        request = database.read(lambda it, key=key: find_request(it, key))  # type: ignore[misc]
        assert request is not None
        if state is None:
            answer(database, request)
        else:
            end(database, request, state)
    run_id = make_key().run_id
    found = database.read(lambda it: known_environments(it, REPOSITORY, run_id, 1))
    assert found == {"waiting", "answered"}


def test_due_are_those_nobody_works_on_longest_first(database: Database) -> None:
    """What is leased, not due yet or closed is left out; the rest comes in the order of due."""
    for run_id, ago in ((1, 1), (2, 3), (3, 2), (4, 9), (5, -1)):
        asked(database, key=make_key(run_id=run_id), now=before(minutes=ago))
    ids = [column(database, RequestId(n), "run_id", "id") for n in range(1, 6)]
    by_run = {run: RequestId(number) for run, number in ids}
    lease(database, by_run[4])
    assert database.read(lambda it: due_ids(it, NOW, 10)) == [by_run[n] for n in (2, 3, 1)]
    assert database.read(lambda it: due_ids(it, NOW, 2)) == [by_run[2], by_run[3]]
    expired = NOW + timedelta(minutes=3)
    assert database.read(lambda it: due_ids(it, expired, 1)) == [by_run[4]]


def test_those_of_others_are_due_beside_the_thousands_of_one(database: Database) -> None:
    """Where one installation fills the list, everybody else's follow."""
    for run_id in range(1, 5):
        asked(database, key=make_key(run_id=run_id), now=before(minutes=10 - run_id))
    quiet = asked(database, key=make_key(run_id=9), installation=78, now=before(minutes=1))
    due = database.read(lambda it: due_requests(it, NOW, 3))
    assert [it.installation_id for it in due] == [77, 77, 77, 78]
    assert due[-1].id == quiet.id


def test_standing_counts_what_waits(database: Database) -> None:
    """The undecided requests are counted, and the longest wait is told."""
    assert database.read(count_undecided).undecided == 0
    assert database.read(count_undecided).oldest is None
    asked(database, key=make_key(run_id=1), now=before(minutes=5))
    asked(database, key=make_key(run_id=2), now=before(minutes=2))
    answer(database, asked(database, key=make_key(run_id=3), now=before(minutes=9)))
    standing = database.read(count_undecided)
    assert (standing.undecided, standing.oldest) == (2, before(minutes=5))


def test_an_installation_is_remembered(database: Database) -> None:
    """A request belongs to the installation whose delivery opened it."""
    assert asked(database, installation=5).installation_id == InstallationId(5)
