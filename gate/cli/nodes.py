"""`gate nodes`: who is alive, what each holds, and how far the work lags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from gate.domain.nodes.fleet import Fleet, Leases
    from gate.domain.nodes.node import Node


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
def nodes(*, as_json: bool) -> None:
    """List the running processes, what each holds, and the lag.

    A node that was not seen for 30 seconds is lost; it stays on the list for a day. The lag is how
    long the oldest due row has waited for a worker. Safe while the service runs; only
    GATE_DATABASE_URL is required. Example:

        gate nodes
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.store.engine.server import server_time
    from gate.store.nodes.holdings import read_fleet

    with database_beside_service() as database:
        is_shared = database.dialect != "sqlite"
        fleet = database.read(
            lambda snapshot: read_fleet(snapshot, server_time(snapshot) if is_shared else utc_now())
        )
    if as_json:
        import json

        from gate.domain.nodes.document import render_fleet

        click.echo(json.dumps(render_fleet(fleet), indent=2))
        return
    _print(fleet)


def _print(fleet: Fleet) -> None:
    from rich.console import Console

    from gate.domain.text.durations import span

    console = Console()
    if fleet.nodes:
        console.print(_table(fleet))
    else:
        console.print("no node is running")
    others = fleet.held_by_others()
    if others:
        console.print(f"held by nodes that are not listed: {_spell(others)}")
    console.print(f"lag: {span(fleet.lag)}" if fleet.lag else "lag: none, nothing waits")


def _table(fleet: Fleet) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    # Two lines for each node, so that 80 columns are enough.
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("node\nhost (pid)", "state\nlast seen", "command\nversion"):
        table.add_column(name, overflow="fold")
    for name in ("ran for", "hints"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("leases", overflow="fold")
    for node in fleet.nodes:
        table.add_row(*map(Text, _row(node, fleet)))
    return table


def _row(node: Node, fleet: Fleet) -> tuple[str, ...]:
    from gate.domain.nodes.node import NodeState
    from gate.domain.text.durations import age, span
    from gate.domain.text.fold import fold

    process, state = node.process, node.state(fleet.now)
    end = node.seen_at if state is NodeState.LOST else fleet.now
    return (
        f"{process.node_id}\n{fold(process.host)} ({process.pid})",
        f"{state.value}\n{age(node.silent_for(fleet.now))}",
        f"{process.kind.value}\n{fold(process.version)}",
        span(end - process.started_at),
        str(node.hints_waiting),
        _spell(fleet.held_by(node)) or "-",
    )


def _spell(leases: Leases) -> str:
    return ", ".join(f"{count} {work}" for work, count in leases.items())
