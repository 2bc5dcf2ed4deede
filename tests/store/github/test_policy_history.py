"""The changes of a repository's own policy are read from the trail, on both databases."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Final

from gate.domain.audit.chain import AuditEntry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.policies import record_policy_text
from gate.store.github.policy_history import MOST_CHANGES, PolicyChange, read_policy_changes
from gate.store.github.stored_policies import repository_source
from tests.support.builders.defaults import INSTALLATION, NOW, REPOSITORY

OWN: Final = repository_source(REPOSITORY)


def change(database: Database, minute: int, text: bytes | None, source: str = OWN) -> None:
    """Let a document be read as a text, or as gone, this many minutes later."""
    digest = sha256(text).hexdigest() if text is not None else None
    kind = "policy.changed" if text is not None else "policy.removed"
    detail = {"source": source, "digest": digest}
    at = NOW + timedelta(minutes=minute)
    entry = AuditEntry(at, INSTALLATION, REPOSITORY, None, None, None, kind, "gate", None, detail)
    if text is not None and digest is not None:
        database.transact(lambda tx: record_policy_text(tx, digest, text))
    database.transact(lambda tx: record_audit(tx, entry))


def read(database: Database) -> list[PolicyChange]:
    """Read the changes."""
    return database.read(lambda it: read_policy_changes(it, REPOSITORY))


def test_each_change_has_its_text_and_the_one_before(database: Database) -> None:
    """The newest first; a removal has no text, and nothing is before the first reading."""
    for minute, text in enumerate((b"a\nb\n", b"a\nc\n", None)):
        change(database, minute, text)
    change(database, 3, b"shared\n", source="organization:9")
    removed, changed, first = read(database)
    assert [it.at - NOW for it in (first, changed, removed)] == [
        timedelta(minutes=minute) for minute in range(3)
    ]
    assert (removed.digest, removed.text) == (None, b"")
    assert (changed.before, changed.text) == (b"a\nb\n", b"a\nc\n")
    assert (first.before, removed.before) == (b"", b"a\nc\n")


def test_only_the_newest_changes_are_read(database: Database) -> None:
    """The oldest of them still knows the one before it."""
    for minute in range(MOST_CHANGES + 2):
        change(database, minute, f"age: {minute}\n".encode())
    changes = read(database)
    assert len(changes) == MOST_CHANGES
    assert changes[0].text == f"age: {MOST_CHANGES + 1}\n".encode()
    assert (changes[-1].before, changes[-1].text) == (b"age: 1\n", b"age: 2\n")


def test_nothing_is_read_where_nothing_is_on_record(database: Database) -> None:
    """Of a repository that was never looked at."""
    assert read(database) == []


def test_the_first_reading_is_told_from_the_oldest_that_is_read(database: Database) -> None:
    """Ten changes are all there are; of eleven one is left out, and so may be one behind others."""
    for minute in range(MOST_CHANGES):
        change(database, minute, f"age: {minute}\n".encode())
    assert [it.is_first for it in read(database)] == [False] * (MOST_CHANGES - 1) + [True]
    change(database, MOST_CHANGES, b"age: 0\n")
    assert not any(it.is_first for it in read(database))


def test_behind_many_changes_of_another_file_there_may_be_an_older_one(database: Database) -> None:
    """Only so many entries are looked at."""
    change(database, 0, b"age: 0\n")
    for minute in range(1, 4 * MOST_CHANGES):
        change(database, minute, f"age: {minute}\n".encode(), source="organization:9")
    change(database, 4 * MOST_CHANGES, b"age: 1\n")
    assert [it.is_first for it in read(database)] == [False]
