"""Describe a node: one running process of the gate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from gate.domain.model.ids import NodeId

BEAT: Final = timedelta(seconds=10)
"""How often a node records that it is alive."""

LOST_AFTER: Final = 3 * BEAT
"""How long a node may be silent before it counts as lost: one late beat is no loss."""

KEEP_LOST: Final = timedelta(days=1)
"""How long a lost node is still shown."""


class NodeKind(Enum):
    """What a process does, by the command that started it."""

    SERVE = "serve"
    WEB = "serve --no-worker"
    WORKER = "worker"


class NodeState(Enum):
    """How a node stands."""

    RUNNING = "running"
    DRAINING = "draining"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Process:
    """What a node is from its start to its end; host and pid are for people only."""

    node_id: NodeId
    kind: NodeKind
    host: str
    pid: int
    version: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it last described itself; `hints_waiting` are hints that it has yet to follow."""

    process: Process
    seen_at: datetime
    is_draining: bool
    hints_waiting: int

    def silent_for(self, now: datetime) -> timedelta:
        """Return how long the node has not been heard of; never negative."""
        return max(now - self.seen_at, timedelta(0))

    def state(self, now: datetime) -> NodeState:
        """Return how the node stands; what it said last counts until it is silent too long."""
        if self.silent_for(now) > LOST_AFTER:
            return NodeState.LOST
        return NodeState.DRAINING if self.is_draining else NodeState.RUNNING
