"""`gate worker`: a worker alone."""

from __future__ import annotations

import signal
from threading import Event

import click


@click.command()
def worker() -> None:
    """Answer GitHub; run it beside `gate serve --no-worker`.

    Requires PostgreSQL, since SQLite allows one process only. Hears of work from
    the other nodes. Example:

        gate worker
    """
    from gate.bootstrap.service import create_service
    from gate.cli.interpreter import keep_pauses_short
    from gate.cli.service_settings import load_for_service
    from gate.domain.nodes.node import NodeKind
    from gate.errors import ConfigError

    settings = load_for_service()
    if settings.database_url.get_secret_value().startswith("sqlite"):
        problem = (
            "GATE_DATABASE_URL: `gate worker` requires PostgreSQL; with SQLite, run `gate serve`"
        )
        raise ConfigError((problem,))
    service = create_service(settings, kind=NodeKind.WORKER)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keep_pauses_short()
    service.heartbeat.start()
    service.start_worker()
    stopping.wait()
    service.departure.finish()
    service.close()
