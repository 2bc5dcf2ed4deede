"""A restored backup begins one new segment in each chain, however many nodes start on it."""

from __future__ import annotations

from threading import Event

import pytest
from sqlalchemy import select, text

from gate.domain.audit.segments import SEGMENT_BEGUN, Origin
from gate.domain.model.ids import InstallationId
from gate.store.audit.entries import record_audit
from gate.store.audit.restoring import begin_after_restoring, write_mark
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.turns import take_turn
from tests.support.builders.defaults import INSTALLATION, NOW
from tests.support.chains import make_entry
from tests.support.harness import wait_for
from tests.support.threads import at_once

BACKUP_AT = "2031-03-01T08:00:00Z"


def _restore(database: Database, *installation_ids: InstallationId) -> None:
    """Leave a trail and the mark of a backup."""

    def work(tx: Transaction) -> None:
        for it in installation_ids:
            record_audit(tx, make_entry(installation_id=it))
        write_mark(tx, BACKUP_AT)

    database.transact(work)


def _begun(database: Database) -> int:
    """Count the segments that begin with a restored backup."""

    def read(snapshot: Snapshot) -> int:
        query = select(audit_entries.c.reason).where(audit_entries.c.kind == SEGMENT_BEGUN)
        return snapshot.scalars(query).all().count(Origin.BACKUP_RESTORED)

    return database.read(read)


def test_each_chain_begins_a_segment_once(database: Database) -> None:
    """The mark is gone then; a database without one is left alone."""
    assert not begin_after_restoring(database, NOW)
    _restore(database, INSTALLATION, InstallationId(INSTALLATION + 1))
    assert begin_after_restoring(database, NOW)
    assert not begin_after_restoring(database, NOW)
    assert _begun(database) == 2


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize("installation_ids", [[], [INSTALLATION]])
def test_of_two_nodes_that_start_at_once_one_begins(
    database: Database, installation_ids: list[InstallationId]
) -> None:
    """The other had seen the mark, too, and finds it gone once it has its turn."""
    _restore(database, *installation_ids)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    is_held_up = Event()

    def hold_up(tx: Transaction) -> None:
        take_turn(tx, INSTALLATION)
        # Whoever drops the mark waits for this as well, where there is no chain.
        tx.execute(text("LOCK TABLE backup_mark IN ACCESS SHARE MODE"))
        is_held_up.set()
        wait_for(lambda: database.read(lambda it: it.scalar(waiting)) == 2, "both nodes")

    def start() -> bool:
        is_held_up.wait(60)
        return begin_after_restoring(database, NOW)

    def keep_both_waiting() -> bool:
        database.transact(hold_up)
        return False

    assert sorted(at_once([keep_both_waiting, start, start])) == [False, False, True]
    assert _begun(database) == len(installation_ids)
