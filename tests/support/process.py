"""Run the real service as a process that dies or stops at a chosen place.

    python -m tests.support.process PORT [PLACE [COUNT [SIGNAL]]]

The process sends itself SIGNAL, by default as `kill -9` would, when a pass reaches PLACE for the
COUNT-th time. Its clock is ahead by the seconds that stand in the file that TESTS_CLOCK_FILE names.
Whatever place it reaches is a line in the file that TESTS_PLACES_FILE names. A pass that has
stopped the process goes on once there is a file that TESTS_GO_ON_FILE names.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from gate.cli.service.interpreter import start_quickly
from gate.clock import uptime

if TYPE_CHECKING:
    from gate.store.engine.database import Snapshot


def failing(place: str, at: int, number: signal.Signals) -> Callable[[str], None]:
    """Make a failpoint that ends or stops the process at a place."""
    reached = count(1)
    places = os.environ.get("TESTS_PLACES_FILE")

    def fail(here: str) -> None:
        if here == place and next(reached) == at:
            os.kill(os.getpid(), number)
            _wait_to_go_on()
        if places is not None:
            with Path(places).open("a") as file:
                file.write(f"{here}\n")

    return fail


def _wait_to_go_on() -> None:
    """Hold the pass at its place: a signal stops a process with threads a moment later only."""
    path = Path(os.environ["TESTS_GO_ON_FILE"])
    while not path.exists():
        Event().wait(0.01)


def clock() -> datetime:
    """Return the time, as far ahead as the test wants it."""
    return datetime.now(UTC) + timedelta(seconds=_ahead())


def since_boot() -> float:
    """Count the seconds since the start; what a test skips counts, as if it had been slept."""
    return uptime() + _ahead()


def _ahead() -> float:
    ahead = os.environ.get("TESTS_CLOCK_FILE")
    return float(Path(ahead).read_text()) if ahead is not None else 0.0


def database_time(snapshot: Snapshot) -> datetime:
    """Return the time by the database's clock, as far ahead as the test wants it."""
    from gate.store.engine.server import server_time

    return server_time(snapshot) + timedelta(seconds=_ahead())


def main() -> None:
    """Serve until killed."""
    start_quickly()
    from gate.bootstrap.service import create_service
    from gate.bootstrap.web import create_shell
    from gate.cli.service.settings import load_for_service
    from gate.web.door.server import serve

    port = int(sys.argv[1])
    place = sys.argv[2] if len(sys.argv) > 2 else ""
    at = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    number = signal.Signals[sys.argv[4]] if len(sys.argv) > 4 else signal.SIGKILL
    fail = failing(place, at, number)
    settings = load_for_service()
    service = create_service(
        settings,
        clock=clock,
        server_time=database_time,
        since_boot=since_boot,
        failpoint=fail,
        # A clock that a test moves forward wakes nobody.
        poll=timedelta(seconds=1),
    )
    shell = create_shell(service, with_worker=True)
    serve(shell, "127.0.0.1", port, linger=settings.drain)


if __name__ == "__main__":
    main()
