"""Who is there."""

from __future__ import annotations

from dataclasses import replace

from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import BEAT, KEEP_LOST, Node, NodeKind, Process
from gate.store.engine.database import Database
from gate.store.nodes.nodes import forget_node, list_nodes, record_node
from gate.store.retention import delete_expired
from tests.support.builders.defaults import NODE, NOW, TICK

_FIRST = Node(Process(NODE, NodeKind.SERVE, "host", 7, "1.2.3", NOW), NOW, False, 0)
_SECOND = replace(
    _FIRST,
    process=Process(NodeId("another"), NodeKind.WORKER, "host", 8, "1.2.2", NOW + TICK),
    hints_waiting=3,
)


def _record(database: Database, node: Node) -> None:
    database.transact(lambda tx: record_node(tx, node))


def test_a_node_is_listed_as_it_stood_last(database: Database) -> None:
    """Each beat replaces the one before; who started first comes first."""
    _record(database, _SECOND)
    _record(database, _FIRST)
    later = replace(_SECOND, seen_at=NOW + BEAT, is_draining=True, hints_waiting=0)
    _record(database, later)
    assert database.read(list_nodes) == [_FIRST, later]


def test_a_node_that_leaves_is_forgotten(database: Database) -> None:
    """It takes nobody else with it."""
    _record(database, _FIRST)
    _record(database, _SECOND)
    database.transact(lambda tx: forget_node(tx, NODE))
    assert database.read(list_nodes) == [_SECOND]


def test_a_lost_node_is_forgotten_after_a_day(database: Database) -> None:
    """Until then people see that it was lost."""
    _record(database, _FIRST)
    _record(database, replace(_SECOND, seen_at=NOW + TICK))
    delete_expired(database, NOW + KEEP_LOST)
    assert len(database.read(list_nodes)) == 2
    delete_expired(database, NOW + KEEP_LOST + TICK)
    assert [it.process.node_id for it in database.read(list_nodes)] == ["another"]
