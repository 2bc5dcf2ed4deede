"""A node records that it is alive, and goes by the database's clock."""

from __future__ import annotations

from gate.domain.nodes.node import LOST_AFTER, Node, NodeState
from gate.store.nodes.nodes import list_nodes
from tests.support.harness import Gate


def _nodes(gate: Gate) -> list[Node]:
    return gate.service.database.read(list_nodes)


def test_each_start_is_a_node_of_its_own(gate: Gate, second: Gate) -> None:
    """Two processes on one host are two nodes, and one that leaves is gone at once."""
    for it in (gate, second):
        it.service.heartbeat.beat()
    first, other = _nodes(gate)
    assert first.process.node_id != other.process.node_id
    assert first.process.host == other.process.host
    second.service.heartbeat.start()
    second.service.heartbeat.stop()
    assert _nodes(gate) == [first]


def test_a_node_that_was_killed_is_shown_as_lost(gate: Gate, second: Gate) -> None:
    """It could not leave, so it is lost once it has been silent; the one that beats is not."""
    second.service.heartbeat.beat()
    gate.github.advance(LOST_AFTER.total_seconds() + 1)
    gate.service.heartbeat.beat()
    now = gate.service.deps.clock()
    assert [it.state(now) for it in _nodes(gate)] == [NodeState.RUNNING, NodeState.LOST]


def test_a_node_that_drains_says_so(gate: Gate) -> None:
    """From the next beat on."""
    gate.service.heartbeat.drain()
    gate.service.heartbeat.beat()
    (node,) = _nodes(gate)
    assert node.state(gate.service.deps.clock()) is NodeState.DRAINING
