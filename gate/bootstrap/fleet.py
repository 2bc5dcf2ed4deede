"""Choose who carries hints: the process's own queues, or a fleet of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from gate.reconciler.worker.local_queues import Queues
from gate.reconciler.worker.supervisor import Supervisor
from gate.store.engine.database import Database

if TYPE_CHECKING:
    from gate.fleet.fleet import Fleet


@dataclass(frozen=True, slots=True)
class FleetWorker:
    """The worker of a process, together with its part in a fleet."""

    worker: Supervisor
    fleet: Fleet | None

    def start(self, *, sweeping: bool) -> None:
        """Start the threads; see `Supervisor.start`."""
        self.worker.start(sweeping=sweeping)
        if self.fleet is not None:
            self.fleet.start()

    def stop(self, within: timedelta) -> bool:
        """Take nothing new, finish what was begun, and leave the rest to other nodes.

        Return whether all that was begun was finished in time.
        """
        ends = monotonic() + within.total_seconds()
        if self.fleet is not None:
            self.fleet.take_no_more()
        is_finished = self.worker.stop(within)
        if self.fleet is not None:
            # A database that does not answer keeps the listener, which must not keep the worker.
            self.fleet.wait(timedelta(seconds=max(0.0, ends - monotonic())))
            self.fleet.hand_over()
        return is_finished

    @property
    def is_alive(self) -> bool:
        """Check that every thread runs; readiness asks."""
        return self.worker.is_alive and (self.fleet is None or self.fleet.is_alive)


def join_fleet(database: Database, queues: Queues, poll: timedelta) -> Fleet | None:
    """Carry hints to the queues and, on PostgreSQL, to other nodes; None where there are none."""
    if database.dialect == "sqlite":
        database.carry_by(queues)
        return None
    from gate.fleet.fleet import Fleet  # noqa: PLC0415 - the job queue is loaded where it is used

    return Fleet(database, queues, poll)
