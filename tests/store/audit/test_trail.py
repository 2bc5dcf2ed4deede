"""The trail in a database: chained as it is written, read as it is exported, kept from changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from gate.domain.audit.chain import FIRST, ChainHead, Checkpoint, entry_hash
from gate.domain.audit.verify import Break, Broken, Intact
from gate.domain.model.access import EVERYTHING, Visible
from gate.domain.model.ids import InstallationId, RunId
from gate.domain.model.request import ReviewState
from gate.store.audit.checkpoints import heads_to_sign, record_checkpoint
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.audit.trail import check_trail, list_entries, stream_entries
from gate.store.engine.database import Database
from gate.store.engine.tables.audit import audit_checkpoints, audit_entries, audit_heads
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import FORK, INSTALLATION, NOW, REPOSITORY, TICK, before
from tests.support.chains import GOOD, is_good, make_entry
from tests.support.threads import at_once

OTHER = InstallationId(5)


def write(database: Database, *entries: AuditEntry) -> None:
    """Append entries, each in a transaction of its own."""
    for it in entries:
        database.transact(lambda tx, one=it: record_audit(tx, one))  # type: ignore[misc]


def write_many(database: Database, count: int, **changes: Any) -> None:
    """Append entries about different runs."""
    write(database, *(make_entry(run_id=RunId(number), **changes) for number in range(count)))


def check(database: Database) -> list[Intact | Broken]:
    """Check every chain."""
    return database.read(
        lambda it: list(check_trail(it, lambda one: None if is_good(one) else "forged"))
    )


def exported(database: Database, **filters: Any) -> list[dict[str, object]]:
    """Read the trail as it is exported."""
    return database.read(lambda it: list(stream_entries(it, filters=filters, visible=EVERYTHING)))


def sign(database: Database, sequence: int) -> None:
    """Sign an entry of the first installation."""
    fields = exported(database, installation_id=INSTALLATION)[sequence - 1]
    checkpoint = Checkpoint(
        INSTALLATION, sequence, str(fields["hash"]), NOW, "SHA256:a", signature=GOOD
    )
    database.transact(lambda tx: record_checkpoint(tx, checkpoint))


def execute(database: Database, statement: Any) -> None:
    """Run a statement as somebody at the database's own prompt would."""
    with database.engine.begin() as connection:
        connection.execute(statement)


def drop_triggers(database: Database) -> None:
    """Do what an attacker who owns the database does first."""
    if database.dialect == "sqlite":
        execute(database, text("DROP TRIGGER audit_entries_update"))
        execute(database, text("DROP TRIGGER audit_entries_delete"))
    else:
        execute(database, text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))


@pytest.fixture(autouse=True)
def triggers_are_back(database: Database) -> Iterator[None]:
    """Leave the shared server as it was."""
    yield
    if database.dialect == "postgresql":
        execute(database, text("ALTER TABLE audit_entries ENABLE TRIGGER USER"))


def test_each_installation_has_one_chain(database: Database) -> None:
    """Numbers count from 1 without a gap in each chain, and each entry has the hash before it."""
    write(
        database,
        make_entry(),
        make_entry(installation_id=OTHER, repository_id=None, run_id=None, run_attempt=None),
        make_entry(detail={"state": ReviewState.APPROVED, "at": NOW, "deep": {"b": 1, "a": ["ü"]}}),
    )
    other_begun, _, begun, first, second = entries = exported(database)
    assert [it["sequence"] for it in entries] == [1, 2, 1, 2, 3]
    links = [FIRST, other_begun["hash"], FIRST, begun["hash"], first["hash"]]
    assert [it["previous_hash"] for it in entries] == links
    assert second["detail"] == {
        "state": "approved", "at": "2026-03-02T12:00:00Z", "deep": {"a": ["ü"], "b": 1}
    }  # fmt: skip
    assert all(entry_hash(it) == it["hash"] for it in entries)
    assert [chain.installation_id for chain in check(database)] == [OTHER, INSTALLATION]
    assert all(isinstance(chain, Intact) for chain in check(database))


def test_a_chain_begins_with_a_mark(database: Database) -> None:
    """It says that nothing was known before: the trail of a lost database is not continued."""
    write(database, make_entry(at=NOW))
    begun, _ = exported(database)
    assert (begun["kind"], begun["reason"]) == ("segment.begun", "nothing_known")
    assert (begun["repository_id"], begun["actor"]) == (None, "gate")
    (chain,) = check(database)
    assert isinstance(chain, Intact)
    segment = "segment from entry 1, begun 2026-03-02T12:00:00.000000Z: nothing_known"
    assert [str(it) for it in chain.segments] == [segment]


def test_threads_and_nodes_do_not_fork_a_chain(
    database: Database, open_database: OpenDatabase
) -> None:
    """However many write at once, to a chain that has not begun yet, there is one order."""
    nodes = [database, open_database()] if database.dialect == "postgresql" else [database]
    at_once([lambda it=it: write_many(it, 10) for it in nodes * 4])  # type: ignore[misc]
    (chain,) = check(database)
    assert isinstance(chain, Intact)
    assert chain.last == 40 * len(nodes) + 1


def test_a_transaction_that_fails_leaves_no_gap(database: Database) -> None:
    """A number that was not used is used by the next entry."""

    def fail(tx: Any) -> None:
        record_audit(tx, make_entry())
        raise LookupError

    write_many(database, 1)
    with pytest.raises(LookupError):
        database.transact(fail)
    write_many(database, 1)
    (chain,) = check(database)
    assert isinstance(chain, Intact)
    assert chain.last == 3


def test_entries_cannot_be_changed(database: Database) -> None:
    """The database itself refuses to change an entry, whoever asks."""
    write_many(database, 2)
    sign(database, 2)
    with pytest.raises(DatabaseError, match="append-only"):
        execute(database, update(audit_entries).values(actor="mallory"))


def test_only_what_was_signed_can_be_deleted(database: Database) -> None:
    """Up to the newest checkpoint entries may go, and the rest is still a whole chain."""
    write_many(database, 4)
    sign(database, 3)
    with pytest.raises(DatabaseError, match="append-only"):
        execute(database, delete(audit_entries).where(audit_entries.c.sequence == 4))
    execute(database, delete(audit_entries).where(audit_entries.c.sequence <= 3))
    (chain,) = check(database)
    assert isinstance(chain, Intact)
    assert (chain.first, chain.last, chain.signed) == (4, 5, 3)
    write_many(database, 1)
    assert isinstance(check(database)[0], Intact)


t = audit_entries.c


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (update(audit_entries).where(t.sequence == 3).values(actor="x"), (3, Break.EDITED)),
        (update(audit_entries).where(t.sequence == 3).values(at=NOW + TICK), (3, Break.EDITED)),
        (update(audit_entries).where(t.sequence == 3).values(detail="{"), (3, Break.EDITED)),
        (delete(audit_entries).where(t.sequence == 3), (3, Break.DELETED)),
        (delete(audit_entries).where(t.sequence == 5), (5, Break.TRUNCATED)),
        (delete(audit_entries), (1, Break.TRUNCATED)),
        (delete(audit_entries).where(t.sequence == 1), (1, Break.DELETED)),
        (delete(audit_entries).where(t.sequence >= 2), (2, Break.TRUNCATED)),
        (update(audit_entries).where(t.sequence == 1).values(reason="x"), (1, Break.EDITED)),
        (update(audit_entries).where(t.sequence == 5).values(kind="x"), (5, Break.EDITED)),
        (update(audit_entries).where(t.sequence == 3).values(hash=FIRST), (3, Break.EDITED)),
        (update(audit_heads).values(hash=FIRST), (5, Break.EDITED)),
        (update(audit_checkpoints).values(sequence=3), (3, Break.EDITED)),
        (update(audit_checkpoints).values(sequence=9), (6, Break.TRUNCATED)),
        (delete(audit_heads), (5, Break.DELETED)),
        (update(audit_heads).values(sequence=4), (5, Break.INSERTED)),
        (update(audit_entries).where(t.sequence == 5).values(sequence=6), (5, Break.DELETED)),
        (update(audit_checkpoints).values(hash=FIRST), (2, Break.EDITED)),
        (update(audit_checkpoints).values(signature="none"), (2, Break.NOT_OURS)),
    ],
)
def test_tampering_is_found(database: Database, statement: Any, place: tuple[int, Break]) -> None:
    """Whatever somebody with all rights changes is named, and other chains are still checked."""
    write_many(database, 1)
    sign(database, 2)
    write_many(database, 3)
    drop_triggers(database)
    execute(database, statement)
    (chain,) = check(database)
    assert isinstance(chain, Broken)
    assert (chain.sequence, chain.kind) == place


def test_an_entry_is_filtered_and_paged_by_its_place(database: Database) -> None:
    """Lists run newest first over all chains; exports take filters and a time."""
    write(
        database,
        make_entry(at=before(hours=2)),
        make_entry(repository_id=FORK, at=NOW),
        make_entry(installation_id=OTHER, at=before(hours=1)),
    )
    made = {"kind": "decision.made"}
    page = database.read(
        lambda it: list_entries(it, filters=made, limit=2, before=None, visible=EVERYTHING)
    )
    place = page[-1].place
    rest = database.read(
        lambda it: list_entries(it, filters=made, limit=2, before=place, visible=EVERYTHING)
    )
    assert [(it.fields["installation_id"], it.fields["repository_id"]) for it in page + rest] == [
        (OTHER, REPOSITORY), (INSTALLATION, FORK), (INSTALLATION, REPOSITORY)
    ]  # fmt: skip
    since = before(hours=1)
    late = database.read(
        lambda it: list(stream_entries(it, filters=made, visible=EVERYTHING, since=since))
    )
    assert [it["installation_id"] for it in late] == [OTHER, INSTALLATION]
    assert len(exported(database, repository_id=FORK)) == 1


def test_a_reader_sees_the_entries_of_their_repositories(database: Database) -> None:
    """Entries that concern no repository are for those who see everything."""
    write(
        database,
        make_entry(),
        make_entry(repository_id=FORK),
        make_entry(repository_id=None, run_id=None),
    )
    narrow = Visible(frozenset({FORK}))
    listed = database.read(
        lambda it: list_entries(it, filters={}, limit=9, before=None, visible=narrow)
    )
    streamed = database.read(lambda it: list(stream_entries(it, filters={}, visible=narrow)))
    assert [it.fields["repository_id"] for it in listed] == [FORK]
    assert [it["repository_id"] for it in streamed] == [FORK]


def test_a_head_is_signed_once_it_moved_and_an_hour_has_gone(database: Database) -> None:
    """A chain is due when it was never signed, or grew and its checkpoint is old enough."""

    def due(before_: Any) -> list[ChainHead]:
        return database.read(lambda it: heads_to_sign(it, last_before=before_))

    assert due(NOW) == []
    write_many(database, 1)
    (head,) = due(before(days=1))
    assert (head.installation_id, head.sequence) == (INSTALLATION, 2)
    sign(database, 2)
    assert due(NOW + timedelta(days=1)) == []
    write_many(database, 1)
    assert due(NOW - TICK) == []
    assert [it.sequence for it in due(NOW)] == [3]


def test_a_checkpoint_is_not_replaced(database: Database) -> None:
    """Of two nodes that sign the same entry the first one stands."""
    write_many(database, 1)
    sign(database, 1)
    again = Checkpoint(INSTALLATION, 1, FIRST, NOW, "SHA256:b", "other")
    database.transact(lambda tx: record_checkpoint(tx, replace(again)))
    query = select(audit_checkpoints.c.key_fingerprint)
    assert database.read(lambda it: it.scalars(query).all()) == ["SHA256:a"]
