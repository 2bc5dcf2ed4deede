"""Record every few seconds that this process is alive, and compare its clock with the database's.

Nothing that decides reads what is recorded here: leases end by themselves. It is for people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

from gate.clock import Clock
from gate.domain.nodes.node import BEAT, Node, Process
from gate.log import get_logger
from gate.shield import Shield
from gate.store.engine.database import Database
from gate.store.nodes.nodes import forget_node, record_node

log = get_logger(__name__)


class Heartbeat:
    """The beats of one process, in a thread of their own."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        process: Process,
        *,
        measure: Callable[[], timedelta],
        hints_waiting: Callable[[], int],
        return_leases: Callable[[], None],
    ) -> None:
        """Prepare; nothing is recorded before `start` or `beat`.

        `measure` compares the clock with the database's and returns how far that was set.
        `return_leases` gives back what the node may not spend any more.
        """
        self._database = database
        self._clock = clock
        self._process = process
        self._measure = measure
        self._hints_waiting = hints_waiting
        self._return_leases = return_leases
        self._stopping = Event()
        self._draining = Event()
        self._woken = Event()
        self._shield = Shield(self._stopping)
        self._thread: Thread | None = None

    def start(self) -> None:
        """Record the first beat, and start the thread."""
        self._shield.run(self.beat)
        self._thread = Thread(name="heartbeat", target=self._repeat, daemon=True)
        self._thread.start()
        log.info("node.started", node_id=self._process.node_id, kind=self._process.kind.value)

    def beat_soon(self) -> None:
        """Let the thread compare the clocks and record a beat now."""
        self._woken.set()

    def drain(self) -> None:
        """Record at once, and from now on, that the node takes nothing new."""
        self._draining.set()
        self._woken.set()

    def stop(self) -> None:
        """End the thread, and forget the node: it leaves in good order."""
        self._stopping.set()
        self._woken.set()
        if self._thread is None:
            return
        self._thread.join(BEAT.total_seconds())
        self._thread = None
        self._shield.run(self._leave)
        log.info("node.stopped", node_id=self._process.node_id)

    def beat(self) -> None:
        """Compare the clocks, and record that the node is alive."""
        moved = self._measure()
        if moved:
            log.warning("clock.moved", seconds=round(moved.total_seconds(), 3))
        node = Node(self._process, self._clock(), self._draining.is_set(), self._hints_waiting())
        self._database.transact(lambda tx: record_node(tx, node))
        self._return_leases()

    def _leave(self) -> None:
        self._database.transact(lambda tx: forget_node(tx, self._process.node_id))

    def _repeat(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(BEAT.total_seconds())
            self._woken.clear()
            if not self._stopping.is_set():
                self._shield.run(self.beat)
