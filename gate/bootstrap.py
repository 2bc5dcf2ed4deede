"""Wire the service: settings in, connected objects out. Nothing else knows how they fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Flask

from gate.clock import Clock, Uptime, uptime, utc_now
from gate.domain.model.policy import InvalidPolicy, LoadedPolicy
from gate.errors import ConfigError, GateError
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.githubapp.oidc.issuers import Issuers
from gate.githubapp.oidc.verifier import TokenVerifier
from gate.githubapp.users.authorization import UserAuthorization
from gate.githubapp.users.client import UserClient
from gate.githubapp.users.users import TIMEOUT, Users
from gate.githubapp.webhooks.payloads import ALWAYS_SENT, PARSED_EVENTS, PayloadParser
from gate.githubapp.webhooks.signature import check_signature
from gate.loopback import is_loopback
from gate.notify import create_notifiers
from gate.policyfile import built_in_text, parse_policy
from gate.reconciler.continuity import Continuity
from gate.reconciler.deps import Deps, Failpoint, no_failpoint
from gate.reconciler.ingest.reports import receive
from gate.reconciler.observe.policy import policy_read_last
from gate.reconciler.observe.policy_documents import record_server_policy
from gate.reconciler.ports import GitHub
from gate.reconciler.strangers import Strangers
from gate.reconciler.worker.queues import LocalWakeups
from gate.reconciler.worker.supervisor import Supervisor, WorkerPlan
from gate.reconciler.worker.sweep import Sweeper
from gate.settings import Settings
from gate.store.access.sealing import Sealer
from gate.store.engine.database import Database
from gate.store.engine.migration import migrate, schema_is_current
from gate.store.requests.leases import clear_leases
from gate.web.app import create_app
from gate.web.deps import Check, Readers, WebDeps
from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.door import Door
from gate.web.metrics import Metrics
from gate.web.sign_in.cookies import Cookies
from gate.web.sign_in.forms import Forms
from gate.web.sign_in.sessions import Sessions
from gate.web.sign_in.sign_in import SignIns
from gate.web.viewers import Viewers

WORKER_THREADS: Final = 16
"""Passes at once: enough to keep 150 decisions a second going at 50 ms a call."""

WEB_THREADS: Final = 16
"""Requests served at once, besides deliveries on SQLite, which take no thread."""

PAGES_KEPT: Final = timedelta(seconds=2)
"""How long those who watch a page share one rendering; their browsers ask every five seconds."""


@dataclass(frozen=True, slots=True)
class Service:
    """The connected parts of one process."""

    settings: Settings
    database: Database
    github: GitHubClients
    deps: Deps
    worker: Supervisor
    wakeups: LocalWakeups
    users: Users | None

    def close(self) -> None:
        """Hang up on GitHub and let go of the database; the worker must have been stopped."""
        self.github.close()
        if self.users is not None:
            self.users.close()
        self.database.close()


def create_service(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    since_boot: Uptime = uptime,
    failpoint: Failpoint = no_failpoint,
) -> Service:
    """Connect everything but the web edge; nothing is started and GitHub is not called.

    A SQLite file is taken for this process alone and its schema brought up to date. Raises
    ConfigError when the policy file, the key or the database cannot be used.
    """
    server_policy, server_text = read_server_policy(settings)
    credentials = create_credentials(settings, clock)
    database = _open_database(settings)
    record_server_policy(server_policy, server_text, database, clock)
    github = GitHubClients.connect(settings.github_api_url, credentials, clock)
    wakeups = LocalWakeups()
    deps = Deps(
        database=database,
        github=github_port(github),
        signer=credentials,
        parse_delivery=PayloadParser(settings.github_api_url).parse,
        parse_policy=parse_policy,
        server_policy=server_policy,
        requires_floor=settings.organization_policy == "required",
        public_url=settings.public_url,
        clock=clock,
        uptime=since_boot,
        wakeups=wakeups,
        continuity=Continuity(clock()),
        strangers=Strangers(),
        notifiers=create_notifiers(settings),
        failpoint=failpoint,
    )
    plan = WorkerPlan(WORKER_THREADS, timedelta(seconds=settings.sweep_seconds))
    worker = Supervisor(deps, wakeups, Sweeper(deps), plan)
    return Service(settings, database, github, deps, worker, wakeups, create_users(settings, clock))


def github_port(clients: GitHubClients) -> GitHub:
    """Bundle the clients as the reconciler knows them."""
    return GitHub(
        app=clients.app,
        actions=clients.actions,
        deployments=clients.deployments,
        contents=clients.contents,
        people=clients.people,
        issues=clients.issues,
    )


def create_credentials(settings: Settings, clock: Clock = utc_now) -> AppCredentials:
    """Make the App's identity from the settings."""
    key = settings.github_private_key.get_secret_value()
    return AppCredentials(settings.github_app_id, key, clock)


def create_web(service: Service, *, with_worker: bool) -> Flask:
    """Make the web edge of a service, for a server of its own."""
    sign_ins = _create_sign_ins(service)
    return create_app(_web_deps(service, sign_ins, with_worker=with_worker), sign_ins)


def create_shell(service: Service, *, with_worker: bool) -> BufferingShell:
    """Make the application that the server runs; it starts and stops the worker with it."""

    def start() -> None:
        if with_worker:
            service.worker.start(sweeping=False)

    def stop() -> None:
        if with_worker:
            service.worker.stop()
        service.close()

    sign_ins = _create_sign_ins(service)
    deps = _web_deps(service, sign_ins, with_worker=with_worker)
    deps = replace(deps, pages_kept=PAGES_KEPT)
    door = Door(deps) if service.database.can_submit else None
    lifecycle = Lifecycle(start, stop, service.worker.begin_to_sweep)
    return BufferingShell(create_app(deps, sign_ins), lifecycle, threads=WEB_THREADS, door=door)


def _web_deps(service: Service, sign_ins: SignIns | None, *, with_worker: bool) -> WebDeps:
    """Gather what the web edge works with."""
    deps = service.deps
    secrets = [it.get_secret_value() for it in service.settings.github_webhook_secret]
    return WebDeps(
        database=service.database,
        check_signature=lambda body, header: check_signature(body, header, secrets),
        events=PARSED_EVENTS | ALWAYS_SENT,
        wake_delivery=deps.wakeups.wake_delivery,
        record_gap=lambda: deps.continuity.record_gap(deps.clock()),
        verify_token=_create_verifier(service.settings, deps.clock).verify,
        receive=lambda submission: receive(submission, deps),
        public_url=service.settings.public_url,
        readers=Readers(service.settings.api_tokens),
        viewers=_viewers(service.settings, sign_ins),
        server_policy=deps.server_policy,
        requires_floor=deps.requires_floor,
        checks=_checks(service, service.database.check, with_worker=with_worker),
        status_checks=_checks(service, service.database.check_reading, with_worker=with_worker),
        channels=frozenset(deps.notifiers),
        metrics=Metrics(service.database, lambda: service.github.app.quota_left, deps.clock),
        quota_left=lambda: service.github.app.quota_left,
        started_at=deps.clock(),
        clock=deps.clock,
        policy_read_last=lambda snapshot, number: policy_read_last(snapshot, number, deps),
    )


def _viewers(settings: Settings, sign_ins: SignIns | None) -> Viewers:
    """Decide how readers of pages are recognized."""
    if sign_ins is None:
        return Viewers(_is_on_loopback(settings))
    return Viewers(_is_on_loopback(settings), sign_ins.sessions.signed_in, sign_ins.forms.token)


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


def _create_sign_ins(service: Service) -> SignIns | None:
    """Connect what people sign in with; None where sign-in is not configured."""
    settings, users, clock = service.settings, service.users, service.deps.clock
    if users is None:
        return None
    keys = [it.get_secret_value() for it in settings.session_key]
    cookies = Cookies(secure=settings.public_url.startswith("https://"))
    sealer = Sealer(keys)
    sessions = Sessions(service.database, users, sealer, cookies, clock)
    return SignIns(service.database, users, sealer, cookies, sessions, Forms(keys, cookies), clock)


def _is_on_loopback(settings: Settings) -> bool:
    """Return whether the public URL is loopback: then nobody from elsewhere is meant to come."""
    return is_loopback(urlsplit(settings.public_url).hostname or "")


def _create_verifier(settings: Settings, clock: Clock) -> TokenVerifier:
    """Make what verifies tokens of workflow runs; the issuer is not asked yet."""
    issuer = settings.github_oidc_issuer
    return TokenVerifier(Issuers(issuer, clock), settings.report_audience, clock)


def read_server_policy(settings: Settings) -> tuple[LoadedPolicy, bytes]:
    """Read the policy for repositories that have none, with its text; a broken one stops us."""
    name, text = "the built-in policy", built_in_text()
    if settings.policy_file is not None:
        name = str(settings.policy_file)
        try:
            text = settings.policy_file.read_bytes()
        except OSError as error:
            raise ConfigError((f"GATE_POLICY_FILE: {name}: {error.strerror}",)) from None
    reading = parse_policy(text, name)
    if isinstance(reading, InvalidPolicy):
        problems = tuple(f"GATE_POLICY_FILE: {reading.source}: {it}" for it in reading.problems)
        raise ConfigError(problems)
    return reading, text


def _open_database(settings: Settings) -> Database:
    """Open the database; on SQLite prepare it, since this is the only process that writes to it."""
    database = Database(settings.database_url.get_secret_value(), exclusive=True)
    try:
        if database.dialect == "sqlite":
            migrate(database)
            database.transact(clear_leases)
        elif not schema_is_current(database):
            raise ConfigError(("GATE_DATABASE_URL: the schema is not current; run `gate migrate`",))
    except GateError as error:
        database.close()
        if isinstance(error, ConfigError):
            raise
        raise ConfigError((f"GATE_DATABASE_URL: {error.detail or error.reason}",)) from error
    return database


def _checks(service: Service, database: Check, *, with_worker: bool) -> dict[str, Check]:
    def worker_is_alive() -> None:
        if not service.worker.is_alive:
            raise GateError("worker_stopped", "a thread of the worker has ended")

    checks = {"database": database}
    if with_worker:
        checks["worker"] = worker_is_alive
    return checks
