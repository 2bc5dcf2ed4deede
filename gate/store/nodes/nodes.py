"""Record that a node is alive, list the nodes, and forget one that has left."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Row, bindparam, delete, select

from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import Node, NodeKind, Process
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_update
from gate.store.engine.tables.nodes import nodes

_t: Final = nodes.c
_record: Final = insert_or_update(nodes)
_forget: Final = Prepared(delete(nodes).where(_t.node_id == bindparam("node")))
_all: Final = select(nodes).order_by(_t.started_at, _t.node_id)


def record_node(tx: Transaction, node: Node) -> None:
    """Write how a node stands; a row that retention deleted meanwhile comes back."""
    process = node.process
    _record.change(
        tx,
        {
            "node_id": process.node_id,
            "kind": process.kind.value,
            "host": process.host,
            "pid": process.pid,
            "version": process.version,
            "started_at": process.started_at,
            "seen_at": node.seen_at,
            "is_draining": node.is_draining,
            "hints_waiting": node.hints_waiting,
        },
    )


def forget_node(tx: Transaction, node_id: NodeId) -> None:
    """Delete the row of a node that has ended in good order."""
    _forget.change(tx, {"node": node_id})


def forget_all(tx: Transaction) -> None:
    """Delete every row: for the start of the only process that works on this database."""
    tx.execute(delete(nodes)).close()


def list_nodes(snapshot: Snapshot) -> list[Node]:
    """List all nodes that have not left, lost ones too; who started first comes first."""
    return [_node(row) for row in snapshot.execute(_all)]


def _node(row: Row[tuple[object, ...]]) -> Node:
    process = Process(
        node_id=NodeId(row.node_id),
        kind=NodeKind(row.kind),
        host=row.host,
        pid=row.pid,
        version=row.version,
        started_at=row.started_at,
    )
    return Node(process, row.seen_at, row.is_draining, row.hints_waiting)
