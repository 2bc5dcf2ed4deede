"""A database that does not answer the listener keeps nothing else of a node from stopping."""

from __future__ import annotations

import socket
from datetime import timedelta
from threading import Thread
from typing import Any

from structlog.testing import capture_logs

from gate.bootstrap.fleet import FleetWorker
from gate.fleet.fleet import Fleet
from gate.store.engine.database import Database
from tests.support.harness import Gate, wait_for


def test_the_worker_stops_while_the_listener_still_connects(gate: Gate) -> None:
    """It was told first, and takes nothing for as long as the listener is stuck."""
    queues = gate.service.queues
    # It takes connections, as the kernel does for a server that stands still, and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as still, capture_logs() as lines:
        url = f"postgresql+psycopg://gate@127.0.0.1:{still.getsockname()[1]}/gate"
        silent = Database(url)
        worker = FleetWorker(gate.service.worker, Fleet(silent, queues, timedelta(hours=1)))
        worker.start(sweeping=False)
        connection, _ = still.accept()
        finished: list[bool] = []
        stop = Thread(target=lambda: finished.append(worker.stop(timedelta(minutes=1))))
        stop.start()
        try:
            wait_for(lambda: "worker.stopped" in events(lines), "the worker to stop")
            assert finished == []
        finally:
            connection.close()
    stop.join(30)
    silent.close()
    assert finished == [True]


def events(lines: list[Any]) -> list[str]:
    """Return the names of what was logged so far."""
    return [it["event"] for it in lines]
