"""Who made a change of a policy is asked once, and kept, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from gate.domain.model.github import FileCommit
from gate.domain.model.ids import AccountId
from gate.domain.model.runs import Account
from gate.store.engine.database import Database
from gate.store.github.policy_authors import (
    PolicyAuthor,
    WantedAuthor,
    is_changed_since,
    is_of_another_change,
    read_authors,
    rows,
    want_author,
)
from gate.store.github.stored_policies import repository_source
from tests.support.builders.defaults import NOW, REPOSITORY
from tests.support.policies import answer_author

OWN: Final = repository_source(REPOSITORY)
BOB: Final = FileCommit(
    "c0ffee", "https://github.example/c", NOW, Account(AccountId(2**40), "bob"), "Bob"
)
NOBODY: Final = FileCommit("beef", "", None, None, "\N{RIGHT-TO-LEFT OVERRIDE}<b>")


def want(database: Database, minute: int = 0, source: str = OWN) -> WantedAuthor:
    """Let a change be recorded that was read this many minutes later."""
    wanted = WantedAuthor(source, NOW + timedelta(minutes=minute), REPOSITORY)
    database.transact(lambda tx: want_author(tx, wanted))
    return wanted


def due(database: Database, at: datetime) -> list[object]:
    """List the changes that GitHub is to be asked about at a time."""
    return database.read(lambda it: rows.due(it, at, 9))


def read(database: Database, source: str = OWN, most: int = 9) -> list[PolicyAuthor]:
    """Read the authors."""
    return database.read(lambda it: read_authors(it, source, most))


@pytest.mark.parametrize("commit", [BOB, NOBODY, None], ids=["account", "nobody's", "unknown"])
def test_an_author_is_asked_for_until_it_is_told(
    database: Database, commit: FileCommit | None
) -> None:
    """Also when the answer is that it stays unknown; wanting it again changes nothing."""
    wanted = want(database)
    assert read(database) == [PolicyAuthor(NOW, None, is_asked=True)]
    assert due(database, NOW) == [(OWN, NOW)]
    answer_author(database, wanted, commit)
    want(database)
    assert read(database) == [PolicyAuthor(NOW, commit, is_asked=False)]
    assert due(database, NOW + timedelta(days=9)) == []


def test_the_newest_come_first(database: Database) -> None:
    """As many as are wanted, and of one document alone."""
    for minute in range(3):
        want(database, minute)
    want(database, 4, "organization:9")
    times = [it.changed_at - NOW for it in read(database, most=2)]
    assert times == [timedelta(minutes=2), timedelta(minutes=1)]
    assert len(read(database, "organization:9")) == 1


def test_what_makes_an_answer_doubtful_is_known(database: Database) -> None:
    """A newer change of the document, and a commit that another change of it has."""
    first = want(database)
    want(database, 1, "organization:9")
    assert not database.read(lambda it: is_changed_since(it, first))
    second = want(database, 1)
    assert database.read(lambda it: is_changed_since(it, first))
    assert not database.read(lambda it: is_changed_since(it, second))
    answer_author(database, first, BOB)
    assert database.read(lambda it: is_of_another_change(it, second, BOB.sha))
    assert not database.read(lambda it: is_of_another_change(it, first, BOB.sha))
    assert not database.read(lambda it: is_of_another_change(it, second, NOBODY.sha))
