"""Describe the fleet: its nodes, what each holds, and how far the work lags. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import Node, NodeState

Leases = Mapping[str, int]
"""How many leases run, by kind of work; a kind without any is left out."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What one look at the database shows at `now`.

    `leases` are those of each node, of one that has left or is long lost too; None owns those that
    a node of an older release has taken. `oldest_due` is since when the oldest row waits that is
    due and that nobody works on; None when nothing waits.
    """

    now: datetime
    nodes: tuple[Node, ...]
    leases: Mapping[NodeId | None, Leases] = field(default_factory=dict)
    oldest_due: datetime | None = None

    @property
    def lag(self) -> timedelta:
        """Return how long the oldest due row has waited; zero when none does."""
        if self.oldest_due is None:
            return timedelta(0)
        return max(self.now - self.oldest_due, timedelta(0))

    def held_by(self, node: Node) -> Leases:
        """Return what a node holds."""
        return self.leases.get(node.process.node_id, {})

    def held_by_others(self) -> Leases:
        """Return what is held by nobody on the list."""
        listed = {node.process.node_id for node in self.nodes}
        return _add_up(held for owner, held in self.leases.items() if owner not in listed)

    def held(self) -> Leases:
        """Return what is held by anybody."""
        return _add_up(self.leases.values())

    def count(self, state: NodeState) -> int:
        """Count the nodes that stand so."""
        return sum(node.state(self.now) is state for node in self.nodes)


def _add_up(leases: Iterable[Leases]) -> Leases:
    total: Counter[str] = Counter()
    for held in leases:
        total.update(held)
    return dict(total)
