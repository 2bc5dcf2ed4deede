"""Everything that runs during one storm, connected: nodes, database, GitHub, channel, clocks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.chaos.channel import AlertChannel, running_channel
from tests.chaos.clocks import Clocks
from tests.chaos.database import DatabaseServer
from tests.chaos.disk import Disk, small_disk
from tests.chaos.github_side import GitHubSide, github_side
from tests.chaos.nodes import NodeProcess
from tests.chaos.plan import Plan
from tests.chaos.wires import Balancer, Wire, Wires, running_wires, to_unix_socket
from tests.support.harness import SECRET


@dataclass(frozen=True, slots=True)
class Server:
    """The database server that several runs share, and the clocks of all processes."""

    database: DatabaseServer
    clocks: Clocks


@dataclass(frozen=True, slots=True)
class Fleet:
    """One run's processes. `wires` lead to the database, one for each node, none on SQLite."""

    nodes: tuple[NodeProcess, ...]
    wires: tuple[Wire, ...]
    server: Server
    database: str
    disk: Disk
    github: GitHubSide
    channel: AlertChannel
    checking: Mapping[str, str]
    """The environment in which commands check the record: past every wire, at the true time."""
    disturbances: list[datetime] = field(default_factory=list)
    """When nodes were disturbed, on GitHub's clock without the jumps."""

    def note_disturbance(self) -> None:
        """Note that nodes may forget, from now on, what became of what they have sent."""
        self.disturbances.append(self.github.now())

    def advance(self, seconds: float) -> None:
        """Let time pass on every clock; without movable ones nothing happens."""
        if seconds and self.server.clocks.can_move:
            self.note_disturbance()
            self.server.clocks.advance(seconds)
            self.github.advance(seconds)


@contextmanager
def running_fleet(plan: Plan, server: Server) -> Iterator[Fleet]:
    """Start the plan's nodes and wait until they work; end all of them at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-chaos-")))
        wires = stack.enter_context(running_wires())
        nodes: list[NodeProcess] = []
        hook = wires.add(
            Balancer(lambda: [it.port for it in nodes if it.port and it.takes_webhooks])
        )
        hook_url = f"http://127.0.0.1:{hook.port}/webhooks/github"
        github = stack.enter_context(github_side(hook_url))
        # The server's clock may have jumped in the runs before.
        github.advance(server.clocks.passed)
        channel = stack.enter_context(running_channel(github.now))
        disk = stack.enter_context(small_disk(folder / "disk"))
        stack.callback(disk.clear)
        common = _environment(github, channel, hook.port)
        database, checking, ways = _database(plan, server, stack, disk, wires)
        clocks = server.clocks
        for number, node in enumerate(plan.nodes, 1):
            way = checking if not ways else ways[number - 1][1]
            clock = clocks.environment(f"{database}-{number}", node.skew)
            given = {**common, "GATE_DATABASE_URL": way, **clock}
            made = NodeProcess(number, node.kind, given, folder)
            stack.callback(made.kill)
            nodes.append(made)
            made.start()
        for made in nodes:
            made.wait_until_ready()
        yield Fleet(
            nodes=tuple(nodes),
            wires=tuple(wire for wire, _ in ways),
            server=server,
            database=database,
            disk=disk,
            github=github,
            channel=channel,
            checking={**common, "GATE_DATABASE_URL": checking},
        )


def _database(
    plan: Plan, server: Server, stack: ExitStack, disk: Disk, wires: Wires
) -> tuple[str, str, list[tuple[Wire, str]]]:
    """Return the database's name, its URL past every wire, and each node's wire and URL."""
    if plan.engine == "sqlite":
        return f"sqlite-{plan.seed}", f"sqlite:///{disk.folder}/gate.db", []
    name = server.database.new_database()
    stack.callback(server.database.drop, name)
    ways: list[tuple[Wire, str]] = []
    for _ in plan.nodes:
        wire = wires.add(to_unix_socket(server.database.socket))
        ways.append((wire, server.database.url(name, wire.port)))
    return name, server.database.url(name), ways


def _environment(github: GitHubSide, channel: AlertChannel, port: int) -> dict[str, str]:
    """Return the settings that all nodes share."""
    inherited = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    return inherited | {
        "GATE_GITHUB_APP_ID": str(github.app_id),
        "GATE_GITHUB_PRIVATE_KEY": github.private_key,
        "GATE_GITHUB_WEBHOOK_SECRET": SECRET,
        "GATE_GITHUB_API_URL": github.api_url,
        "GATE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "GATE_SWEEP_SECONDS": "1",
        "GATE_ALERT_WEBHOOK_URL": channel.url,
        "GATE_ALERT_WEBHOOK_SECRET": SECRET,
        "GATE_LOG_FORMAT": "json",
    }
