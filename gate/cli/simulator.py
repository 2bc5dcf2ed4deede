"""`gate simulator`: the simulated GitHub alone."""

from __future__ import annotations

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to bind.")
@click.option("--port", default=4100, show_default=True, help="Port to bind.")
def simulator(host: str, port: int) -> None:
    """Run a simulated GitHub on loopback, for trials and tests.

    It keeps state, signs webhooks and checks tokens as GitHub does. It listens on loopback
    only. Example:

        gate simulator --port 4100
    """
    from gate.simulator.errors import NotLoopback
    from gate.simulator.server import run

    try:
        run(host, port)
    except NotLoopback as error:
        raise click.BadParameter(str(error), param_hint="--host") from None
    except (OSError, OverflowError) as error:
        problem = f"cannot listen on {host} port {port}: {error}"
        raise click.BadParameter(problem, param_hint="--port") from None
