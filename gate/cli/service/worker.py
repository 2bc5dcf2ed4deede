"""`gate worker`: a worker alone."""

from __future__ import annotations

import os
import signal
from threading import Event
from typing import Final

import click

_SIGNALED: Final = 128


@click.command()
def worker() -> None:
    """Answer GitHub; run it beside `gate serve --no-worker`.

    Requires PostgreSQL, since SQLite allows one process only. Hears of work from
    the other nodes. Example:

        gate worker
    """
    from gate.bootstrap.service import create_service
    from gate.cli.service.interpreter import keep_pauses_short
    from gate.cli.service.settings import load_for_service
    from gate.domain.nodes.node import NodeKind
    from gate.errors import ConfigError
    from gate.log import get_logger

    settings = load_for_service()
    if settings.database_url.get_secret_value().startswith("sqlite"):
        problem = (
            "GATE_DATABASE_URL: `gate worker` requires PostgreSQL; with SQLite, run `gate serve`"
        )
        raise ConfigError((problem,))
    service = create_service(settings, kind=NodeKind.WORKER)
    stopping, log = Event(), get_logger(__name__)

    def stop(number: int, _frame: object) -> None:
        if not stopping.is_set():
            stopping.set()
            return
        try:
            log.warning("worker.aborted", signal=signal.Signals(number).name)
        finally:
            os._exit(_SIGNALED + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    keep_pauses_short()
    service.heartbeat.start()
    service.start_worker()
    stopping.wait()
    service.departure.finish()
    service.close()
