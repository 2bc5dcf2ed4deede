"""Connect what every process of the gate has: database, GitHub, channels and the worker."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Final

from gate import __version__
from gate.bootstrap.clocks import ServerTime, choose_clock
from gate.bootstrap.database import open_database
from gate.bootstrap.fleet import FleetWorker, join_fleet
from gate.bootstrap.limits import create_limiter
from gate.bootstrap.server_policy import read_server_policy
from gate.clock import Clock, Uptime, uptime, utc_now
from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import NodeKind, Process
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.githubapp.users.authorization import UserAuthorization
from gate.githubapp.users.client import UserClient
from gate.githubapp.users.users import TIMEOUT, Users
from gate.githubapp.webhooks.payloads import PayloadParser
from gate.notify import create_notifiers
from gate.policyfile import parse_policy
from gate.reconciler.continuity import Continuity
from gate.reconciler.deps import Deps, Failpoint, no_failpoint
from gate.reconciler.nodes.departure import Departure, release_all
from gate.reconciler.nodes.heartbeat import Heartbeat
from gate.reconciler.observe.policy_documents import record_server_policy
from gate.reconciler.ports import GitHub
from gate.reconciler.strangers import Strangers
from gate.reconciler.worker.due_watcher import POLL
from gate.reconciler.worker.local_queues import Queues
from gate.reconciler.worker.supervisor import Supervisor, WorkerPlan
from gate.reconciler.worker.sweep import Sweeper
from gate.settings import Settings
from gate.store.audit.restoring import begin_after_restoring
from gate.store.engine.database import Database
from gate.store.engine.server import server_time
from gate.traces.connect import connect_traces

if TYPE_CHECKING:
    from gate.fleet.fleet import Fleet

WORKER_THREADS: Final = 16
"""Passes at once: enough to keep 150 decisions a second going at 50 ms a call."""

CLOSE_WITHIN: Final = timedelta(seconds=5)
"""How long the last writes may take, as long as a file may be locked."""


@dataclass(frozen=True, slots=True)
class Service:
    """The connected parts of one process."""

    settings: Settings
    database: Database
    github: GitHubClients
    deps: Deps
    worker: Supervisor
    queues: Queues
    fleet: Fleet | None
    heartbeat: Heartbeat
    departure: Departure
    users: Users | None

    def start_worker(self, *, sweeping: bool = True) -> None:
        """Start the worker, and its part in the fleet; see `Supervisor.start`."""
        FleetWorker(self.worker, self.fleet).start(sweeping=sweeping)

    def close(self, within: timedelta = CLOSE_WITHIN) -> None:
        """Hang up on GitHub and let go of the database; a node that started has departed.

        What a database that does not answer holds up is left behind: it ends with the process.
        """
        self.deps.traces.close()
        last = Thread(name="closing", target=self._close, args=(within,), daemon=True)
        last.start()
        last.join(within.total_seconds())

    def _close(self, within: timedelta) -> None:
        self.github.close()
        if self.users is not None:
            self.users.close()
        self.database.close(within)


def create_service(
    settings: Settings,
    *,
    kind: NodeKind = NodeKind.SERVE,
    clock: Clock = utc_now,
    server_time: ServerTime = server_time,
    since_boot: Uptime = uptime,
    failpoint: Failpoint = no_failpoint,
    poll: timedelta = POLL,
) -> Service:
    """Connect everything but the web edge; nothing is started and GitHub is not called.

    `clock` is this machine's; on PostgreSQL the process goes by the database's instead, which
    `server_time` reads. A SQLite file is taken for this process alone and its schema brought up to
    date. `poll` is how long what nobody was told of waits at most. Raises ConfigError when the
    policy file, the key or the database cannot be used.
    """
    server_policy, server_text = read_server_policy(settings)
    database = open_database(settings)
    times = choose_clock(database, clock, server_time, since_boot)
    clock = times.clock
    credentials = create_credentials(settings, clock)
    begin_after_restoring(database, clock())
    record_server_policy(server_policy, server_text, database, clock)
    queues = Queues(clock)
    fleet = join_fleet(database, queues, poll)
    process = _this_process(kind, clock)
    traces = connect_traces(settings, process.node_id)
    limiter = create_limiter(
        settings,
        database,
        process.node_id,
        clock=clock,
        server_time=server_time,
        since_boot=since_boot,
    )
    github = GitHubClients.connect(
        settings.github_api_url, credentials, clock, traces=traces, limiter=limiter
    )

    def may_have_slept() -> bool:
        if not times.has_jumped():
            return False
        heartbeat.beat_soon()  # which measures
        return True

    deps = Deps(
        database=database,
        github=github_port(github),
        signer=credentials,
        parse_delivery=PayloadParser(settings.github_api_url).parse,
        parse_policy=parse_policy,
        server_policy=server_policy,
        requires_floor=settings.organization_policy == "required",
        public_url=settings.public_url,
        node=process.node_id,
        clock=clock,
        uptime=since_boot,
        may_have_slept=may_have_slept,
        continuity=Continuity(clock()),
        strangers=Strangers(),
        notifiers=create_notifiers(settings),
        failpoint=failpoint,
        traces=traces,
    )
    plan = WorkerPlan(WORKER_THREADS, timedelta(seconds=settings.sweep_seconds), poll)
    worker = Supervisor(deps, queues, Sweeper(deps, plan.sweep_every), plan)
    heartbeat = Heartbeat(
        database,
        clock,
        process,
        measure=times.measure,
        hints_waiting=lambda: len(queues.deliveries) + len(queues.requests),
        return_leases=limiter.return_ended,
    )
    users = create_users(settings, clock)
    grace = timedelta(seconds=settings.grace_seconds)

    return Service(
        settings=settings,
        database=database,
        github=github,
        deps=deps,
        worker=worker,
        queues=queues,
        fleet=fleet,
        heartbeat=heartbeat,
        departure=Departure(
            FleetWorker(worker, fleet), heartbeat, lambda: release_all(deps), grace
        ),
        users=users,
    )


def _this_process(kind: NodeKind, clock: Clock) -> Process:
    """Describe this start of this process, under a name that none had before."""
    node_id = NodeId(secrets.token_hex(6))
    return Process(node_id, kind, socket.gethostname(), os.getpid(), __version__, clock())


def github_port(clients: GitHubClients) -> GitHub:
    """Bundle the clients as the reconciler knows them."""
    return GitHub(
        app=clients.app,
        actions=clients.actions,
        deployments=clients.deployments,
        contents=clients.contents,
        people=clients.people,
        issues=clients.issues,
        pull_requests=clients.pull_requests,
        checks=clients.checks,
    )


def create_credentials(settings: Settings, clock: Clock = utc_now) -> AppCredentials:
    """Make the App's identity from the settings."""
    key = settings.github_private_key.get_secret_value()
    return AppCredentials(settings.github_app_id, key, clock)


def create_users(settings: Settings, clock: Clock) -> Users | None:
    """Make what speaks to GitHub for people; None where sign-in is not configured."""
    if settings.github_client_id is None or settings.github_client_secret is None:
        return None
    authorization = UserAuthorization(
        settings.github_api_url,
        client_id=settings.github_client_id,
        client_secret=settings.github_client_secret.get_secret_value(),
        redirect_uri=f"{settings.public_url}/sign-in/callback",
        clock=clock,
        timeout=TIMEOUT,
    )
    client = UserClient(settings.github_api_url, clock, timeout=TIMEOUT)
    return Users(authorization, client, clock)
