"""Write the fleet as a JSON document. Pure."""

from __future__ import annotations

from gate.domain.nodes.fleet import Fleet
from gate.domain.nodes.node import Node


def render_fleet(fleet: Fleet) -> dict[str, object]:
    """Return what `gate nodes --json` prints: times in ISO 8601, ages in seconds."""
    return {
        "at": fleet.now.isoformat(),
        "lag_seconds": round(fleet.lag.total_seconds(), 3),
        "nodes": [_node(node, fleet) for node in fleet.nodes],
        "leases_of_others": dict(fleet.held_by_others()),
    }


def _node(node: Node, fleet: Fleet) -> dict[str, object]:
    process = node.process
    return {
        "node_id": process.node_id,
        "state": node.state(fleet.now).value,
        "kind": process.kind.value,
        "version": process.version,
        "host": process.host,
        "pid": process.pid,
        "started_at": process.started_at.isoformat(),
        "seen_at": node.seen_at.isoformat(),
        "seconds_since_seen": round(node.silent_for(fleet.now).total_seconds(), 3),
        "hints_waiting": node.hints_waiting,
        "leases": dict(fleet.held_by(node)),
    }
