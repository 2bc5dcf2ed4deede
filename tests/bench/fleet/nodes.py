"""Start nodes of the gate over one PostgreSQL, and watch what each of them uses."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
from sqlalchemy import create_engine, text

from gate.simulator.client import SimulatorClient
from tests.bench.services import Stage, answers, free_port, stage, wait_for
from tests.support.postgres import PostgresServer
from tests.support.postgres_server import postgresql_server

SERVE: Final = ("serve",)
RECEIVE: Final = ("serve", "--no-worker")
WORK: Final = ("worker",)

_DURABLE: Final = ("max_connections = 300",)
"""What the server is told: only that many nodes may connect. Each commit waits for the disk."""

_MOST: Final = 4
_UNLIMITED: Final = "100000"


@dataclass(slots=True)
class Node:
    """One process of the gate."""

    kind: tuple[str, ...]
    process: subprocess.Popen[bytes]
    url: str | None
    watched: psutil.Process = field(init=False)

    def __post_init__(self) -> None:
        """Watch the process."""
        self.watched = psutil.Process(self.process.pid)

    def cpu(self) -> float:
        """Return the seconds of CPU it has used."""
        used = self.watched.cpu_times()
        return float(used.user + used.system)

    def memory(self) -> float:
        """Return its resident memory in MiB."""
        return float(self.watched.memory_info().rss) / 2**20

    def stop(self) -> None:
        """Let it finish, and wait for its end."""
        self.process.terminate()
        self.process.wait(60)

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        self.process.kill()
        self.process.wait(60)


@dataclass(slots=True)
class Fleet:
    """Nodes behind a load balancer, their database and the simulated GitHub."""

    github: SimulatorClient
    url: str
    database_url: str
    server: psutil.Process
    stage: Stage
    ports: list[int]
    nodes: list[Node] = field(default_factory=list)

    def start(self, kind: Sequence[str], count: int = 1) -> list[Node]:
        """Start nodes of a kind, and return them once they are ready."""
        started: list[Node] = []
        for _ in range(count):
            started.append(self._launch(tuple(kind), started))
        for node in started:
            wait_for(partial(_is_ready, node), f"{node.kind} to start")
        self.nodes += started
        return started

    def gate_cpu(self) -> float:
        """Return the seconds of CPU that the nodes have used."""
        return sum(node.cpu() for node in self.nodes)

    def database_cpu(self) -> float:
        """Return the seconds of CPU that PostgreSQL has used, with its ended processes."""
        own = self.server.cpu_times()
        used = float(own.user + own.system + own.children_user + own.children_system)
        for child in self.server.children():
            with_child = child.cpu_times()
            used += float(with_child.user + with_child.system)
        return used

    def count(self, query: str) -> int:
        """Return the number that a query on the database gives."""
        engine = create_engine(self.database_url)
        with engine.connect() as connection:
            found: int = connection.execute(text(query)).scalar_one()
        engine.dispose()
        return found

    def stop(self, node: Node) -> None:
        """Let a node finish its work and end."""
        self.nodes.remove(node)
        node.stop()

    def kill(self, node: Node) -> None:
        """End a node as `kill -9` does."""
        self.nodes.remove(node)
        node.kill()

    def resize(self, count: int) -> None:
        """Start or stop whole nodes, until so many run."""
        while len(self.nodes) > count:
            self.stop(self.nodes[-1])
        if len(self.nodes) < count:
            self.start(SERVE, count - len(self.nodes))

    def _launch(self, kind: tuple[str, ...], started: Sequence[Node]) -> Node:
        if kind == WORK:
            return Node(kind, self.stage.start_gate([*kind]), None)
        taken = {node.url for node in (*self.nodes, *started)}
        urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        url = next(it for it in urls if it not in taken)
        return Node(kind, self.stage.start_gate([*kind, "--port", url.rpartition(":")[2]]), url)


@cache
def database_server() -> tuple[PostgresServer, psutil.Process]:
    """Start a PostgreSQL that waits for the disk at each commit, until this process ends.

    All measurements share it, each with a database of its own. Returned with its main process.
    """
    running = ExitStack()
    atexit.register(running.close)
    url = running.enter_context(postgresql_server(_DURABLE))
    server = PostgresServer(url)
    running.callback(server.close)
    engine = create_engine(url)
    with engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        postmaster = psutil.Process(backend).parent()
    engine.dispose()
    if postmaster is None:
        raise LookupError(backend)
    return server, postmaster


@contextmanager
def fleet(events: list[str] | None = None) -> Iterator[Fleet]:
    """Run a simulated GitHub, a load balancer and a fresh database; nodes are started later."""
    server, postmaster = database_server()
    ports = [free_port() for _ in range(_MOST + 1)]
    url = f"http://127.0.0.1:{ports[0]}"
    with (
        server.migrated_database() as database_url,
        TemporaryDirectory(prefix="gate-bench-") as folder,
        stage(url, Path(folder), events) as set_up,
        _balancer(ports),
    ):
        set_up.environ["GATE_DATABASE_URL"] = database_url
        # GitHub's limits are not what is measured; those of an Enterprise Server may be off.
        set_up.environ["GATE_GITHUB_POINTS_PER_MINUTE"] = _UNLIMITED
        set_up.github.set_rate_limit(None)
        here = Fleet(set_up.github, url, database_url, postmaster, set_up, ports[1:])
        try:
            yield here
        finally:
            for node in here.nodes:
                node.process.terminate()
            for node in here.nodes:
                node.process.wait(60)


@contextmanager
def _balancer(ports: list[int]) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.bench.fleet.balancer", *map(str, ports)]
    process = subprocess.Popen(command, env=dict(os.environ))
    try:
        yield
    finally:
        process.kill()
        process.wait(60)


def _is_ready(node: Node) -> bool:
    if node.process.poll() is not None:
        raise RuntimeError(f"{node.kind} ended with {node.process.returncode}")
    return node.url is None or answers(f"{node.url}/readyz")
