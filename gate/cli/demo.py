"""`gate demo`: every feature against a simulated GitHub."""

from __future__ import annotations

import shlex
import signal
import sys
import threading

import click


@click.command()
@click.option(
    "--port",
    type=int,
    show_default="8080, or a free one",
    help="Port of the gate; 0 picks a free one.",
)
@click.option("--keep", is_flag=True, help="Keep gate and simulation running until Ctrl-C.")
def demo(port: int | None, *, keep: bool) -> None:
    """Run the full demo on this machine and print each step.

    A simulated GitHub and the real service talk over HTTP on loopback: a failed validation, a held
    deployment, a re-run that passes, and faults in between. Exits 0 only if every step went as
    expected. Example:

        gate demo --keep
    """
    from rich.console import Console

    from gate.demo.stage import USUAL_PORT, Stage, choose_port
    from gate.demo.story import play

    console = Console()

    def pause(stage: Stage) -> None:
        doctor = shlex.join([sys.executable, "-m", "gate", "doctor"])
        for line in (
            f"gate:             {stage.url}/",
            f"simulated GitHub: {stage.api_url}",
            f"commands:         cd {shlex.quote(str(stage.save_settings()))} && {doctor}",
            "Press Ctrl-C to stop.",
        ):
            console.print(line, soft_wrap=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console.print("stopped")

    # Unwind as at any other end, so that the service is not left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = choose_port(port)
    if port is None and chosen != USUAL_PORT:
        console.print(f"Port {USUAL_PORT} is in use; the gate takes port {chosen}.")
    sys.exit(0 if play(chosen, console, pause if keep else None) else 1)
