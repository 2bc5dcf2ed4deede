"""What each node holds, and what has waited longest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import Node, NodeKind, Process
from gate.store.engine.database import Database
from gate.store.engine.tables.base import metadata
from gate.store.engine.tables.requests import gate_requests
from gate.store.incidents import checks
from gate.store.incidents.checks import mark_check
from gate.store.nodes.holdings import LEASED, read_fleet
from gate.store.nodes.nodes import record_node
from tests.support.builders.defaults import NODE, NOW, REPOSITORY, TICK
from tests.support.builders.requests import make_key
from tests.support.rows import LENGTH, asked, lease

_OTHER = NodeId("another")


def test_every_table_with_leases_is_counted() -> None:
    """A new kind of work that is missing here would be nobody's."""
    columns = {it.name: set(it.c.keys()) for it in metadata.tables.values()}
    with_leases = {name for name, found in columns.items() if {"due_at", "lease_until"} <= found}
    assert {it.name for it in LEASED.values()} == with_leases


def test_leases_are_counted_by_owner_and_work_while_they_run(database: Database) -> None:
    """What ran out is nobody's, and waits again."""
    node = Node(Process(NODE, NodeKind.SERVE, "host", 7, "1", NOW), NOW, False, 0)
    database.transact(lambda tx: record_node(tx, node))
    for run in (1, 2):
        lease(database, asked(database, key=make_key(run_id=run), now=NOW).id)
    until = NOW + timedelta(minutes=10)
    database.transact(lambda tx: mark_check(tx, REPOSITORY, NOW))
    database.transact(lambda tx: checks.rows.take(tx, REPOSITORY, NOW, until, by=_OTHER))
    fleet = database.read(lambda snapshot: read_fleet(snapshot, NOW))
    assert fleet.held_by(node) == {"requests": 2}
    assert fleet.held_by_others() == {"incidents": 1}
    assert fleet.held() == {"requests": 2, "incidents": 1}
    assert fleet.oldest_due is None
    assert fleet.lag == timedelta()
    later = database.read(lambda snapshot: read_fleet(snapshot, NOW + LENGTH))
    assert later.held() == {"incidents": 1}
    assert later.oldest_due == NOW
    assert later.lag == LENGTH


def test_what_an_older_release_took_is_nobodys(database: Database) -> None:
    """It writes no owner; the lease counts all the same."""
    lease(database, asked(database, now=NOW).id)
    nobody = update(gate_requests).values(lease_owner=None)
    database.transact(lambda tx: tx.execute(nobody).close())
    fleet = database.read(lambda snapshot: read_fleet(snapshot, NOW))
    assert fleet.held_by_others() == {"requests": 1}


def test_what_is_due_later_does_not_lag(database: Database) -> None:
    """Only what could be done now counts."""
    asked(database, now=NOW + TICK)
    assert database.read(lambda snapshot: read_fleet(snapshot, NOW)).oldest_due is None
