"""This node's part in the fleet, as one thing that is started and stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from gate.domain.model.hints import Hint
from gate.errors import RetryLater
from gate.fleet.carrier import FleetCarrier, Threads
from gate.fleet.jobs import write_jobs
from gate.fleet.listener import Following, Listener
from gate.log import get_logger
from gate.store.engine.database import Database

log = get_logger(__name__)


class NodeThreads(Threads, Following, Protocol):
    """The threads of this process, as the fleet sees them."""

    def left(self) -> Sequence[Hint]:
        """Return the hints that nobody here has come to."""
        ...


class Fleet:
    """Passes work to other nodes, and takes theirs; where this node works, `start` begins that."""

    def __init__(self, database: Database, threads: NodeThreads, poll: timedelta) -> None:
        """Carry the hints of a database's transactions from now on.

        `poll` is how long a job waits at most whose notification was lost.
        """
        self._database = database
        self._threads = threads
        self._poll = poll
        self._listener: Listener | None = None
        database.carry_by(FleetCarrier(threads))

    def start(self) -> None:
        """Take jobs from now on; the threads that follow them must run."""
        self._listener = Listener(self._database, self._threads, self._poll)
        self._listener.start()

    def take_no_more(self) -> None:
        """Take no more jobs; returns at once, and the threads that follow hints may still run."""
        if self._listener is not None:
            self._listener.stop()

    def wait(self, longest: timedelta) -> None:
        """Wait until no more jobs are taken; what the database does not answer is left behind."""
        if self._listener is not None:
            self._listener.wait(longest)

    def hand_over(self) -> None:
        """Hand over to other nodes what nobody here has come to, once the threads have ended."""
        left = self._threads.left()
        if not left:
            return
        try:
            self._database.transact(lambda tx: write_jobs(tx, left))
        except RetryLater as error:
            # They are due in the database, too, and are found there a little later.
            log.warning("fleet.not_handed_over", reason=error.reason, hints=len(left))
        else:
            log.info("fleet.handed_over", hints=len(left))

    @property
    def is_alive(self) -> bool:
        """Check that the threads of the fleet run."""
        return self._listener is not None and self._listener.is_alive
