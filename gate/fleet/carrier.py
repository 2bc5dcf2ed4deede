"""Carry hints to this node's own threads as long as they have room, and else to all nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gate.domain.model.hints import Hint
from gate.fleet.jobs import write_jobs
from gate.store.engine.database import Transaction


class Threads(Protocol):
    """The threads of this process that follow hints."""

    def divide(self, hints: Sequence[Hint]) -> tuple[Sequence[Hint], Sequence[Hint]]:
        """Return the hints that are followed here without delay, and those for whoever can."""
        ...

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Follow hints."""
        ...


class FleetCarrier:
    """The carrier of a node among others."""

    def __init__(self, threads: Threads) -> None:
        """Carry to the threads of this process first."""
        self._threads = threads

    def store(self, tx: Transaction, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Write as jobs what this node does not come to at once; return the rest."""
        ours, others = self._threads.divide(hints)
        if others:
            write_jobs(tx, others)
        return ours

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Pass on to this node's threads their part."""
        self._threads.pass_on(hints)
