"""Connect the web edge of a service: what serves webhooks, the API and the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from flask import Flask

from gate.bootstrap.database import check_database
from gate.bootstrap.fleet import FleetWorker
from gate.bootstrap.service import Service
from gate.clock import Clock
from gate.errors import GateError
from gate.githubapp.oidc.issuers import Issuers
from gate.githubapp.oidc.verifier import TokenVerifier
from gate.githubapp.webhooks.payloads import ALWAYS_SENT, PARSED_EVENTS
from gate.githubapp.webhooks.signature import check_signature
from gate.loopback import is_loopback
from gate.reconciler.ingest.reports import receive
from gate.reconciler.observe.policy import policy_read_last
from gate.settings import Settings
from gate.store.access.sealing import Sealer
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

WEB_THREADS: Final = 16
"""Requests served at once, besides deliveries, which take no thread."""


PAGES_KEPT: Final = timedelta(seconds=2)
"""How long those who watch a page share one rendering; their browsers ask every five seconds."""


def create_web(service: Service, *, with_worker: bool) -> Flask:
    """Make the web edge of a service, for a server of its own."""
    sign_ins = _create_sign_ins(service)
    return create_app(_web_deps(service, sign_ins, with_worker=with_worker), sign_ins)


def create_shell(service: Service, *, with_worker: bool) -> BufferingShell:
    """Make the application that the server runs; it starts and stops the worker with it."""

    def start() -> None:
        service.heartbeat.start()
        if with_worker:
            service.start_worker(sweeping=False)

    def stop() -> None:
        service.departure.finish()
        service.close()

    sign_ins = _create_sign_ins(service)
    deps = _web_deps(service, sign_ins, with_worker=with_worker)
    deps = replace(deps, pages_kept=PAGES_KEPT)
    lifecycle = Lifecycle(start, stop, service.worker.begin_to_sweep, service.departure.begin)
    app = create_app(deps, sign_ins)
    return BufferingShell(app, lifecycle, threads=WEB_THREADS, door=Door(deps))


def _web_deps(service: Service, sign_ins: SignIns | None, *, with_worker: bool) -> WebDeps:
    """Gather what the web edge works with."""
    deps = service.deps
    secrets = [it.get_secret_value() for it in service.settings.github_webhook_secret]
    return WebDeps(
        database=service.database,
        check_signature=lambda body, header: check_signature(body, header, secrets),
        events=PARSED_EVENTS | ALWAYS_SENT,
        record_gap=lambda: deps.continuity.record_gap(deps.clock()),
        verify_token=_create_verifier(service.settings, deps.clock).verify,
        receive=lambda submission: receive(submission, deps),
        public_url=service.settings.public_url,
        readers=Readers(service.settings.api_tokens),
        viewers=_viewers(service.settings, sign_ins),
        server_policy=deps.server_policy,
        requires_floor=deps.requires_floor,
        checks=_checks(service, partial(check_database, service.database), with_worker=with_worker),
        status_checks=_checks(service, service.database.check_reading, with_worker=with_worker),
        channels=frozenset(deps.notifiers),
        metrics=Metrics(
            service.database,
            lambda: service.github.app.quota_left,
            deps.clock,
            deps.traces,
            lambda: service.github.app.spending,
        ),
        quota_left=lambda: service.github.app.quota_left,
        node_id=deps.node,
        started_at=deps.clock(),
        clock=deps.clock,
        traces=deps.traces,
        policy_read_last=lambda snapshot, number: policy_read_last(snapshot, number, deps),
    )


def _viewers(settings: Settings, sign_ins: SignIns | None) -> Viewers:
    """Decide how readers of pages are recognized."""
    if sign_ins is None:
        return Viewers(_is_on_loopback(settings))
    return Viewers(_is_on_loopback(settings), sign_ins.sessions.signed_in, sign_ins.forms.token)


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


def _checks(service: Service, database: Check, *, with_worker: bool) -> dict[str, Check]:
    def worker_is_alive() -> None:
        # The threads of a node that drains end one after the other; `node` says so.
        is_alive = FleetWorker(service.worker, service.fleet).is_alive
        if not is_alive and not service.departure.has_begun:
            raise GateError("worker_stopped", "a thread of the worker has ended")

    checks = {"node": service.departure.check, "database": database}
    if with_worker:
        checks["worker"] = worker_is_alive
    return checks
