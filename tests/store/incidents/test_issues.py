"""An issue is looked at by one at a time, and nothing that comes meanwhile is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from gate.domain.comments.commands import AcknowledgeCommand, ResolveCommand
from gate.domain.incidents.events import IncidentEvent, Opened
from gate.domain.incidents.issue.plan import Followed
from gate.domain.model.ids import AccountId, CommentId, IncidentId, RepositoryId
from gate.domain.model.runs import Account
from gate.store.comments import commands
from gate.store.comments.commands import CommandState, GivenCommand
from gate.store.engine.database import Database, Transaction
from gate.store.engine.tables.comments import commands as commands_table
from gate.store.incidents import incidents, issues
from gate.store.incidents.issues import TakenIssue
from tests.support.builders.defaults import NODE, NOW
from tests.support.incidents import PLACE, after, make_failure

REPOSITORY = RepositoryId(1)
LEASE = timedelta(minutes=3)


@pytest.fixture
def incident_id(database: Database) -> IncidentId:
    """An incident whose issue is due."""
    opened = Opened(make_failure("a.yml"))
    event = IncidentEvent(NOW, "gate", opened)
    record = database.transact(lambda tx: incidents.record_opening(tx, PLACE, event, opened))
    number = record.incident.id
    database.transact(lambda tx: issues.mark_issue(tx, number, REPOSITORY, NOW))
    return number


def take(database: Database, incident_id: IncidentId, minutes: float = 0) -> TakenIssue | None:
    """Take the issue, some minutes later."""
    now = after(minutes=minutes)

    def taking(tx: Transaction) -> TakenIssue | None:
        row = issues.rows.take(tx, incident_id, now, now + LEASE, by=NODE)
        return issues.taken_issue(tx, row) if row is not None else None

    return database.transact(taking)


def taken(database: Database, incident_id: IncidentId, minutes: float = 0) -> TakenIssue:
    """Take the issue, which has to be due."""
    found = take(database, incident_id, minutes)
    assert found is not None
    return found


def due(database: Database, minutes: float = 0) -> list[IncidentId]:
    """List what is due some minutes later."""
    now = after(minutes=minutes)
    return database.read(lambda it: issues.rows.due(it, now, 10))


def test_one_at_a_time(database: Database, incident_id: IncidentId) -> None:
    """News do not break a lease; it ends by itself when nobody gives it back."""
    assert due(database) == [incident_id]
    taken(database, incident_id)
    database.transact(lambda tx: issues.mark_issue(tx, incident_id, REPOSITORY, NOW))
    assert due(database, minutes=2.9) == []
    assert take(database, incident_id, minutes=2.9) is None
    assert due(database, minutes=3) == [incident_id]
    taken(database, incident_id, minutes=3)


def test_news_stay_due(database: Database, incident_id: IncidentId) -> None:
    """Whoever gives the issue back says when to look again, unless something has happened."""
    first = taken(database, incident_id)
    database.transact(lambda tx: issues.rows.settle(tx, first.taken, due_at=after(minutes=9)))
    assert due(database, minutes=8) == []
    second = taken(database, incident_id, minutes=9)
    database.transact(lambda tx: issues.mark_issue(tx, incident_id, REPOSITORY, NOW))
    database.transact(lambda tx: issues.rows.settle(tx, second.taken))
    assert due(database, minutes=9) == [incident_id]


def test_a_begun_step_is_remembered(database: Database, incident_id: IncidentId) -> None:
    """Until its outcome is known the repository may have an issue without a number."""
    first = taken(database, incident_id)
    database.transact(lambda tx: issues.record_begun(tx, incident_id, "open", NOW))
    assert database.read(lambda it: issues.is_opening(it, REPOSITORY))
    again = taken(database, incident_id, minutes=3)
    assert (again.begun, again.begun_at) == ("open", NOW)
    followed = Followed(7, "digest", is_open=True, told=3)
    database.transact(lambda tx: issues.record_step(tx, first, followed))
    database.transact(lambda tx: incidents.record_issue(tx, incident_id, 7, "https://x.example"))
    assert not database.read(lambda it: issues.is_opening(it, REPOSITORY))
    found = taken(database, incident_id, minutes=6)
    assert (found.begun, found.followed) == (None, followed)


def test_what_a_person_does_meanwhile_stays(database: Database, incident_id: IncidentId) -> None:
    """An update that was on its way does not hide that somebody has closed the issue."""
    first = taken(database, incident_id)
    database.transact(lambda tx: issues.record_closed_by_hand(tx, incident_id, NOW, goes_on=True))
    followed = Followed(None, "digest", is_open=True)
    database.transact(lambda tx: issues.record_step(tx, first, followed))
    database.transact(lambda tx: issues.rows.settle(tx, first.taken))
    again = taken(database, incident_id)
    assert not again.followed.is_open
    assert again.followed.owes_closing


@pytest.mark.parametrize("times", [1, 2, 3])
def test_closing_is_answered_once(database: Database, incident_id: IncidentId, times: int) -> None:
    """The second time the issue is only opened again."""
    owed = [closed_and_answered(database, incident_id) for _ in range(times)]
    assert owed == [True, False, False][:times]


def closed_and_answered(database: Database, incident_id: IncidentId) -> bool:
    """Let somebody close the issue and the gate open it; say whether an answer was owed."""
    database.transact(lambda tx: issues.record_closed_by_hand(tx, incident_id, NOW, goes_on=True))
    found = taken(database, incident_id)
    assert not found.followed.is_open
    said = Followed(is_open=True, owes_closing=False)
    database.transact(lambda tx: issues.record_step(tx, found, said))
    database.transact(lambda tx: issues.rows.settle(tx, found.taken))
    return found.followed.owes_closing


def given(comment_id: int = 5, *, command: ResolveCommand | None = None) -> GivenCommand:
    """Make a command that a comment gives."""
    return GivenCommand(
        key=commands.comment_key(REPOSITORY, CommentId(comment_id)),
        repository_id=REPOSITORY,
        issue_number=7,
        comment_id=CommentId(comment_id),
        person=Account(AccountId(9), "carol"),
        command=command or AcknowledgeCommand(),
        given_at=NOW,
        url="https://github.com/acme/shop/issues/7#issuecomment-5",
        is_related=True,
    )


def test_a_command_is_kept_until_it_is_judged(database: Database) -> None:
    """Seen twice it is one; judged it is not due any more."""
    command = given(command=ResolveCommand("a\nfalse alarm"))
    for _ in range(2):
        database.transact(lambda tx: commands.record_command(tx, command, NOW))
    assert database.read(lambda it: commands.rows.due(it, NOW, 10)) == [command.key]
    until = after(minutes=3)
    taken = database.transact(lambda tx: commands.rows.take(tx, command.key, NOW, until, by=NODE))
    assert taken is not None
    assert commands.given_of(taken.row) == command
    assert database.read(lambda it: commands.rows.due(it, NOW, 10)) == []
    database.transact(
        lambda tx: commands.finish_command(tx, command.key, CommandState.ACCEPTED, "done")
    )
    assert database.read(lambda it: commands.rows.due(it, until, 10)) == []


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_a_withdrawn_command_is_none(database: Database, is_seen_before: bool) -> None:
    """Whether the change of the comment is heard of last or first; what was seen is answered."""
    if is_seen_before:
        database.transact(lambda tx: commands.record_command(tx, given(), NOW))
    database.transact(lambda tx: commands.withdraw_command(tx, given(), NOW))
    database.transact(lambda tx: commands.record_command(tx, given(), NOW))
    assert len(database.read(lambda it: commands.rows.due(it, NOW, 10))) == is_seen_before
    query = select(commands_table.c.state)
    assert database.read(lambda it: it.scalars(query).one()) == CommandState.WITHDRAWN
