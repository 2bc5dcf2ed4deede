"""Run the whole service against the simulated GitHub, one step at a time.

Webhooks and calls go over real HTTP. The worker's threads are not started: `settle` calls its
`step`, in this thread, until nothing is due any more. So a test knows when the gate has finished,
and may put a crash, a fault or a day between any two steps. Both sides share one clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.serving import make_server

from gate.bootstrap.service import Service, create_service
from gate.bootstrap.web import create_web
from gate.domain.audit.verify import Broken
from gate.domain.model.access import EVERYTHING
from gate.domain.model.ids import DeliveryId, RequestId
from gate.githubapp.app.signing import check_signature_of, read_public_key
from gate.manifest import load_manifest
from gate.policyfile import parse_policy
from gate.reconciler.deps import Deps, Failpoint, no_failpoint
from gate.reconciler.requests.reconcile import finish_pass, take_up
from gate.reconciler.requests.replay import replay
from gate.reconciler.worker.due_watcher import POLL
from gate.reconciler.worker.supervisor import Supervisor, WorkerPlan
from gate.reconciler.worker.sweep import Sweeper
from gate.settings import Settings
from gate.shield import Shield
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from gate.simulator.state.records import ReviewRecord
from gate.simulator.switches import Switches
from gate.store.audit.entries import AuditEntry, read_audit
from gate.store.audit.trail import check_trail
from gate.store.engine.database import Database
from gate.store.inbox import deliveries
from gate.store.requests import leases
from gate.store.requests.listing import RequestRecord, list_records
from tests.support.keys import make_key_pair
from tests.support.sqlite import lay_out_schema

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REPOSITORY: Final = "octo-org/frontend"
ENVIRONMENT: Final = "production-frontend"
SECRET: Final = "a secret of the tests"
_ROUNDS: Final = 200
_DEADLINE: Final = 30.0
_THREADS: Final = 16
"""Passes that may be begun while a delivery is read; a busy worker has room for none."""


def reconcile(request_id: RequestId, deps: Deps) -> bool:
    """Make one whole pass over a request, if it is due and free; return whether it was."""
    begun = take_up(request_id, deps)
    if begun is not None:
        finish_pass(begun, deps)
    return begun is not None


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so; fails when it takes too long."""
    deadline = time.monotonic() + _DEADLINE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        pause.wait(0.01)


class Gate:
    """The service under test beside its simulated GitHub."""

    def __init__(
        self, github: SimulatedGitHub, settings: Settings, *, poll: timedelta = POLL
    ) -> None:
        self.github = github
        self.settings = settings
        self.failpoint: Failpoint = no_failpoint
        self.room = _THREADS
        self.url = settings.public_url
        self.skew = timedelta()
        self.hidden = timedelta()
        self.poll = poll
        self._start()

    def clock(self) -> datetime:
        """Return the time by this node's own clock."""
        return self.github.world.clock() + self.skew

    def _uptime(self) -> float:
        return (self.github.world.clock() - self.hidden).timestamp()

    def pause_unseen(self, seconds: float) -> None:
        """Let time pass that this node's uptime does not show, as a hypervisor can."""
        self.github.advance(seconds)
        self.hidden += timedelta(seconds=seconds)

    def _start(self) -> None:
        self.service: Service = create_service(
            self.settings,
            clock=self.clock,
            server_time=lambda _: self.github.world.clock(),
            # A day that a test lets pass between two steps of a pass is one that the process slept.
            since_boot=self._uptime,
            failpoint=self._reach,
            poll=self.poll,
        )
        self.sweeper = Sweeper(self.service.deps)
        self._web = create_web(self.service, with_worker=False)

    def _reach(self, place: str) -> None:
        self.failpoint(place)

    def serve(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request with the present service; a restart puts another in its place."""
        return self._web(environ, start)

    def client(self) -> FlaskClient:
        """Return a client that asks the application itself, on this machine."""
        return self._web.test_client()

    def settle(self) -> None:
        """Do what is due until nothing is; a fault that the worker would outlive is raised."""
        for _ in range(_ROUNDS):
            self.github.wait_until_delivered()
            stepped = self.service.worker.step(room=self.room)
            for fault in stepped.faults:
                raise fault
            if not stepped.worked:
                return
        raise AssertionError("the gate does not come to rest")

    def worker_with(self, deps: Deps) -> Supervisor:
        """Build a worker of the service that works with other parts."""
        plan = WorkerPlan(1, timedelta(hours=1))
        return Supervisor(deps, self.service.queues, Sweeper(deps), plan)

    def due_deliveries(self) -> list[DeliveryId]:
        """List the deliveries that wait to be read now."""
        now = self.service.deps.clock()
        return self.service.database.read(lambda it: deliveries.rows.due(it, now, 100))

    def ingest_deliveries(self) -> None:
        """Read the deliveries that have come, and do nothing else."""
        self.github.wait_until_delivered()
        self.service.worker.read_now(room=self.room)

    def validate(
        self,
        repository: str,
        conclusion: str,
        workflow: str = "production-validation.yml",
        jobs: dict[str, str] | None = None,
    ) -> int:
        """Run a validation in a second of its own, since GitHub tells times in whole seconds."""
        self.github.advance(1)
        return self.github.validate(repository, conclusion, workflow, jobs)

    def advance(self, **span: float) -> None:
        """Move both clocks, then do what has become due."""
        self.github.advance(timedelta(**span).total_seconds())
        self.settle()

    def sweep(self) -> None:
        """Sweep once, then do what that has made due."""
        self.github.wait_until_delivered()
        self.sweep_only()
        self.settle()

    def sweep_only(self) -> None:
        """Sweep once; a fault of ours fails the test, but only after the sweep."""
        faults: list[Exception] = []
        self.sweeper.sweep(Shield(threading.Event(), faults.append))
        for fault in faults:
            raise fault

    def restart(self) -> None:
        """Forget everything that is not in the database, as a new process would."""
        self.service.close()
        self._start()

    def expire_leases(self) -> None:
        """Void the leases that a crash left behind."""
        self.service.database.transact(leases.clear_leases)

    def records(self) -> list[RequestRecord]:
        """List all requests, oldest first."""
        found = self.service.database.read(
            lambda snapshot: list_records(
                snapshot, filters={}, limit=1000, before=None, visible=EVERYTHING
            )
        )
        return found[::-1]

    def record(self, run_id: int) -> RequestRecord:
        """Return the only request of a run."""
        (found,) = [it for it in self.records() if it.run_id == run_id]
        return found

    def trail(self, run_id: int) -> list[AuditEntry]:
        """Return the trail of a run."""
        repository_id = self.github.run_view(run_id).repository_id
        return self.service.database.read(
            lambda snapshot: read_audit(snapshot, repository_id, run_id)  # type: ignore[arg-type]
        )

    def reports(self, run_id: int) -> list[ReviewRecord]:
        """List the status reports GitHub took for a run."""
        return [it for it in self.github.reviews(run_id) if it.state is None and it.status == 204]

    def answers(self, run_id: int) -> list[ReviewRecord]:
        """List the answers GitHub took for a run."""
        return [
            it for it in self.github.reviews(run_id) if it.state is not None and it.status == 204
        ]


def check_record(gate: Gate) -> None:
    """Find out that every history that a test has played can be derived again, and is whole."""
    signer = read_public_key(make_key_pair()[1].encode())
    database = Database(gate.settings.database_url.get_secret_value())
    try:
        chains = database.read(
            lambda it: list(check_trail(it, lambda one: check_signature_of(one, [signer])))
        )
        replayed = database.read(lambda it: list(replay(it, parse_policy)))
    finally:
        database.close()
    problems = [str(chain) for chain in chains if isinstance(chain, Broken)]
    problems += [f"decision {it.recorded.id}: {it.problems}" for it in replayed if not it.agrees]
    if problems:
        raise AssertionError(problems)


@contextmanager
def running_gate(
    database_url: str,
    *,
    switches: Switches | None = None,
    alerts_to: str | None = None,
    organization_policy: Literal["optional", "required"] = "optional",
    session_keys: tuple[str, ...] = (),
    points_per_minute: int = 900,
    has_true_record: bool = True,
) -> Iterator[Gate]:
    """Run simulated GitHub and gate while the context lasts, with one gated repository.

    `alerts_to` is where alerts are posted to, as signed JSON. People can sign in where there are
    `session_keys`. Unless `has_true_record`, rows were made up, and the record is not checked at
    the end.
    """
    lay_out_schema(database_url)
    # Far from the real time, so that a clock that is read in the wrong place shows.
    base = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
    started = datetime.now(UTC)
    github = SimulatedGitHub(switches=switches, clock=lambda: base + (datetime.now(UTC) - started))
    private, public = make_key_pair()
    manifest = load_manifest()
    served: list[Gate] = []

    def front(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return served[0].serve(environ, start)

    # The gate's address is the audience of tokens, which it must know from the start.
    with serve(github) as api_url, make_server("127.0.0.1", 0, front, threaded=True) as server:
        app_id = github.register_app(
            public_key_pem=public,
            webhook_secret=SECRET,
            webhook_url=None,
            permissions=dict(manifest.permissions),
            events_wanted=list(manifest.events),
        )
        url = f"http://127.0.0.1:{server.server_port}"
        client_id = github.set_client(SECRET, [f"{url}/sign-in/callback"])
        settings = Settings(
            github_app_id=str(app_id),
            github_private_key=SecretStr(private),
            github_webhook_secret=(SecretStr(SECRET),),
            github_api_url=api_url,
            github_points_per_minute=points_per_minute,
            github_oidc_issuer=github.issuer.url,
            public_url=url,
            database_url=SecretStr(database_url),
            organization_policy=organization_policy,
            github_client_id=client_id if session_keys else None,
            github_client_secret=SecretStr(SECRET) if session_keys else None,
            session_key=tuple(map(SecretStr, session_keys)),
            alert_webhook_url=SecretStr(alerts_to) if alerts_to is not None else None,
            alert_webhook_secret=SecretStr(SECRET) if alerts_to is not None else None,
        )
        gate = Gate(github, settings)
        served.append(gate)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            github.set_webhook_url(f"{url}/webhooks/github")
            installation_id = github.create_installation("octo-org")
            github.create_repository(REPOSITORY, installation_id)
            github.protect_environment(REPOSITORY, ENVIRONMENT)
            gate.settle()
            yield gate
            if has_true_record:
                check_record(gate)
        finally:
            server.shutdown()
            thread.join()
            gate.service.close()
