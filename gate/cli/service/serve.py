"""`gate serve`: web and worker in one process."""

from __future__ import annotations

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", default=8080, show_default=True, help="Port to bind; 0 picks a free one.")
@click.option("--no-worker", is_flag=True, help="Only receive webhooks; requires PostgreSQL.")
def serve(host: str, port: int, *, no_worker: bool) -> None:
    """Receive webhooks and answer GitHub.

    With a SQLite file, the default, this process is the whole service, and it prepares the schema
    itself. Example:

        gate serve --host 0.0.0.0 --port 8080
    """
    from gate.bootstrap.service import create_service
    from gate.bootstrap.web import create_shell
    from gate.cli.service.interpreter import keep_pauses_short
    from gate.cli.service.settings import load_for_service
    from gate.domain.nodes.node import NodeKind
    from gate.errors import ConfigError
    from gate.web.door.server import serve as serve_shell

    settings = load_for_service()
    if no_worker and settings.database_url.get_secret_value().startswith("sqlite"):
        problem = (
            "--no-worker: SQLite allows one process only, so remove this option or use PostgreSQL"
        )
        raise ConfigError((problem,))
    service = create_service(settings, kind=NodeKind.WEB if no_worker else NodeKind.SERVE)
    shell = create_shell(service, with_worker=not no_worker)
    keep_pauses_short()
    serve_shell(shell, host, port, linger=settings.drain)
