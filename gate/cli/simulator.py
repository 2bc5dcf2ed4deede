"""`gate simulator`: the simulated GitHub alone."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to bind.")
@click.option("--port", default=4100, show_default=True, help="Port to bind.")
@click.option(
    "--ready",
    is_flag=True,
    help="Register an App with a gated repository, write the gate's settings to .env, and print"
    " three commands that tell the story.",
)
@click.option(
    "--gate-port", default=8080, show_default=True, help="Port of the gate, with --ready."
)
@click.option("--force", is_flag=True, help="Replace a .env that is there, with --ready.")
def simulator(host: str, port: int, *, ready: bool, gate_port: int, force: bool) -> None:
    """Run a simulated GitHub on loopback, for trials and tests.

    It keeps state, signs webhooks and checks tokens as GitHub does. It listens on loopback
    only, and forgets everything when it ends. Example:

        gate simulator --ready
    """
    from gate.demo.ready import Readiness
    from gate.simulator.errors import NotLoopback
    from gate.simulator.server import run

    readiness = Readiness(f"http://127.0.0.1:{gate_port}", Path(".env"), may_replace=force)
    if ready:
        readiness.check()
    try:
        run(host, port, prepare=readiness.prepare if ready else None)
    except NotLoopback as error:
        raise click.BadParameter(str(error), param_hint="--host") from None
    except (OSError, OverflowError) as error:
        problem = f"cannot listen on {host} port {port}: {error}"
        raise click.BadParameter(problem, param_hint="--port") from None
