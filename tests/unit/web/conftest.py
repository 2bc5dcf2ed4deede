"""A web edge on a real SQLite file, asked without a server."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.datastructures import EnvironHeaders
from werkzeug.test import Client, TestResponse

from gate.domain.model.alert import Channel
from gate.domain.model.ids import DeliveryId
from gate.domain.model.policy.policy import BUILT_IN, LoadedPolicy
from gate.domain.model.reporters import Reporter, Submission
from gate.errors import GateError, ReportRejected
from gate.githubapp.webhooks.signature import check_signature
from gate.store.engine.database import Database, Snapshot, T, Transaction
from gate.store.engine.writer import HandOver, Settle
from gate.store.inbox.deliveries import StoredDelivery, read_deliveries
from gate.web.app import create_app
from gate.web.deps import Check, Readers, WebDeps
from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.door import Door
from gate.web.metrics import Metrics
from gate.web.viewers import Viewers
from tests.support.builders.defaults import NODE
from tests.support.builders.runs import make_reporter
from tests.support.sqlite import lay_out_schema

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRETS = ("new secret", "old secret")
EVENTS = frozenset({"push", "workflow_run"})
PUBLIC_URL = "https://gate.example.com"
GOOD_TOKEN = "good"


class OfflineDatabase(Database):
    """A database that fails every time."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def transact(self, work: Callable[[Transaction], T]) -> T:
        raise self._error

    def submit(
        self, work: Callable[[Transaction], Any], settle: Settle, hand_over: HandOver
    ) -> None:
        hand_over([partial(settle, None, self._error)])

    def read(self, work: Callable[[Snapshot], T]) -> T:
        raise self._error


class UnwritableDatabase(OfflineDatabase):
    """A database that can be read only."""

    def __init__(self, database: Database) -> None:
        super().__init__(AssertionError("it is written"))
        self._readable = database

    def read(self, work: Callable[[Snapshot], T]) -> T:
        return self._readable.read(work)

    @property
    def dialect(self) -> str:
        return self._readable.dialect


@dataclass(slots=True)
class Site:
    """The application and what it was seen to do; `in_loop` puts the server's shell before it."""

    database: Database
    in_loop: bool = False
    checks: dict[str, Check] = field(default_factory=dict)
    status_checks: dict[str, Check] = field(default_factory=dict)
    channels: set[Channel] = field(default_factory=set)
    quota: dict[int | None, int] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    readers: Readers = field(default_factory=lambda: Readers(()))
    viewers: Viewers = field(default_factory=lambda: Viewers(trusts_loopback=True))
    public_url: str = PUBLIC_URL
    gaps: int = 0
    refusing: GateError | None = None
    requires_floor: bool = False
    deps: WebDeps = field(init=False)
    app: Flask = field(init=False)
    client: Client = field(init=False)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.database, lambda: self.quota, lambda: NOW)
        self.deps = deps = WebDeps(
            database=self.database,
            check_signature=lambda body, header: check_signature(body, header, SECRETS),
            events=EVENTS,
            record_gap=self._record_gap,
            verify_token=self._verify,
            receive=self._receive,
            public_url=self.public_url,
            readers=self.readers,
            viewers=self.viewers,
            server_policy=LoadedPolicy(BUILT_IN, "sha256:built-in", "the built-in policy"),
            requires_floor=self.requires_floor,
            checks=self.checks,
            status_checks=self.status_checks,
            channels=frozenset(self.channels),
            metrics=self.metrics,
            quota_left=lambda: self.quota,
            node_id=NODE,
            started_at=NOW,
            clock=lambda: NOW,
        )
        self.app = app = create_app(deps)
        self.client = Client(through_shell(app, Door(deps))) if self.in_loop else app.test_client()

    def _record_gap(self) -> None:
        self.gaps += 1

    def _verify(self, token: str) -> Reporter:
        """Know one good token; any other is refused for the reason that it is."""
        if token != GOOD_TOKEN:
            raise ReportRejected(token)
        return make_reporter()

    def _receive(self, submission: Submission) -> None:
        if self.refusing is not None:
            raise self.refusing
        self.submissions.append(submission)

    def deliver(
        self, body: bytes = b'{"ref": "refs/heads/main"}', **changes: str | None
    ) -> TestResponse:
        """Post a delivery as GitHub does; a keyword changes a header, None leaves it out."""
        return self.client.post(
            "/webhooks/github", data=body, headers=delivery_headers(body, **changes)
        )

    def stored(self) -> list[StoredDelivery]:
        """Read the deliveries that wait to be read."""
        ids = [DeliveryId("d-1"), DeliveryId("d-2")]
        return self.database.read(lambda snapshot: read_deliveries(snapshot, ids))

    def count(self, outcome: str) -> float:
        """Count how many deliveries came to an outcome."""
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == "gate_deliveries_total" and sample.labels == {"outcome": outcome}:
                    return sample.value
        return 0.0


def through_shell(app: Flask, door: Door) -> Any:
    """Return a WSGI application that puts each request through a shell with a door."""

    async def shown(environ: dict[str, Any]) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        lifecycle = Lifecycle(lambda: None, lambda: None)
        shell = BufferingShell(app, lifecycle, threads=1, door=door)
        messages: asyncio.Queue[Any] = asyncio.Queue()
        sent: asyncio.Queue[Any] = asyncio.Queue()
        living = loop.create_task(shell({"type": "lifespan"}, messages.get, sent.put))
        await messages.put({"type": "lifespan.startup"})
        await sent.get()
        headers = EnvironHeaders(environ)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": environ["REQUEST_METHOD"],
            "raw_path": environ["PATH_INFO"].encode(),
            "query_string": environ["QUERY_STRING"].encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        }
        body: asyncio.Queue[Any] = asyncio.Queue()
        await body.put({"type": "http.request", "body": environ["wsgi.input"].read()})
        await shell(scope, body.get, sent.put)
        answer = [await sent.get(), await sent.get()]
        await messages.put({"type": "lifespan.shutdown"})
        await living
        return answer

    def respond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start, body = asyncio.run(shown(environ))
        headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
        start_response(f"{start['status']} ", headers)
        return [body["body"]]

    return respond


def sign(body: bytes, secret: str = SECRETS[0]) -> str:
    """Sign a body as GitHub does."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery_headers(body: bytes, **changes: str | None) -> list[tuple[str, str]]:
    """List the headers of a delivery; a keyword changes one, None leaves it out."""
    headers: Mapping[str, str | None] = {
        "content_type": "application/json",
        "event": "push",
        "delivery": "d-1",
        "signature": sign(body),
    } | changes
    names = {
        "content_type": "Content-Type",
        "event": "X-GitHub-Event",
        "delivery": "X-GitHub-Delivery",
        "signature": "X-Hub-Signature-256",
    }
    return [(names[key], value) for key, value in headers.items() if value is not None]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Provide a database of the test's own."""
    url = f"sqlite:///{tmp_path}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def site(database: Database) -> Site:
    """Provide a web edge whose database works."""
    return Site(database)


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """Provide the list of everything that is logged during the test."""
    with capture_logs([structlog.contextvars.merge_contextvars]) as entries:
        yield entries


def failing(reason: str, detail: str = "") -> Check:
    """Make a check that finds something wrong."""

    def check() -> None:
        raise GateError(reason, detail)

    return check
