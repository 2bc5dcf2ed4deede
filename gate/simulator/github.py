"""The simulated GitHub as a whole: one lock, the world, REST API, webhooks, issuer of tokens."""

import threading
from email.utils import formatdate
from typing import Any

from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.actions.oidc import Issuer
from gate.simulator.clock import Clock, MovableClock, system_clock
from gate.simulator.commands import Commands
from gate.simulator.commands.command import Command
from gate.simulator.faults import Faults
from gate.simulator.http import registration
from gate.simulator.http.authorization import PREFIX as AUTHORIZATION_PREFIX
from gate.simulator.http.authorization import Authorization
from gate.simulator.http.limits import DEFAULT_LIMIT, RateLimits
from gate.simulator.http.tokens import TokenFormat, Tokens
from gate.simulator.http.wire import Request, Response
from gate.simulator.rest.dispatch import RestApi
from gate.simulator.state.world import World
from gate.simulator.switches import Switches
from gate.simulator.webhooks.sender import DELIVERY_TIMEOUT, WebhookOrder, WebhookSender

API_ROOT = "http://127.0.0.1:4100"


class SimulatedGitHub(Commands):
    """A GitHub in this process; every command is safe to call from any thread.

    `api_url` is where `gate.simulator.server` will serve it; the server corrects it when it binds
    another port. An API root with a path, such as `/api/v3`, makes it an Enterprise Server.
    `web_url` is where pages are said to be, by default beside the API. `rate_limit` None leaves
    the hourly limit off.
    """

    def __init__(
        self,
        api_url: str = API_ROOT,
        *,
        switches: Switches | None = None,
        clock: Clock = system_clock,
        order: WebhookOrder = "repository",
        web_url: str | None = None,
        token_format: TokenFormat = "stateless",
        rate_limit: int | None = DEFAULT_LIMIT,
        webhook_threads: int = 16,
        webhook_timeout: float = DELIVERY_TIMEOUT,
    ) -> None:
        self.lock = threading.RLock()
        chosen = switches or Switches()
        self.faults = Faults()
        self.limits = RateLimits(rate_limit)
        self._web_url = web_url
        movable = MovableClock(clock)
        self.sender = WebhookSender(
            movable,
            chosen,
            self.faults,
            threads=webhook_threads,
            order=order,
            timeout=webhook_timeout,
        )
        self.world = World(movable, chosen, web_url=web_url or _web(api_url), api_url=api_url)
        self.world.post = self.sender.post
        self.tokens = Tokens(self.world, token_format)
        self.issuer = Issuer(self.world)
        self.authorization = Authorization(self.world)
        self.rest = RestApi(
            self.world, self.tokens, self.authorization, self.limits, self.sender, self.lock
        )

    def move_to(self, api_url: str) -> None:
        """Name another address from now on, in everything that names one."""
        with self.lock:
            self.world.api_url = api_url
            self.world.web_url = self._web_url or _web(api_url)
            self.world.shape_cache.clear()

    def answer(self, request: Request, path: str, *, response_lost: bool = False) -> Response:
        """Answer a request to the issuer, the pages that people act on, or the REST API at `path`.

        The answer's `Date` is that of the simulation's clock.
        """
        if request.path.startswith(f"{OIDC_PREFIX}/"):
            with self.lock:
                response = self.issuer.answer(request)
        elif request.path.startswith(AUTHORIZATION_PREFIX):
            with self.lock:
                response = self.authorization.answer(request)
        elif registration.is_registration(request.path):
            with self.lock:
                response = registration.answer(self.world, request)
        else:
            response = self.rest.answer(request, path, response_lost=response_lost)
        response.headers["Date"] = formatdate(self.world.now().timestamp(), usegmt=True)
        return response

    def perform(self, command: "Command[Any, Any]", arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        """Perform a command under the lock; nothing is sent or received meanwhile."""
        with self.lock:
            return command.body(self, **arguments)

    def wait_until_delivered(self, timeout: float = 10.0) -> bool:
        """Wait until no webhook is under way; False when that takes longer than `timeout`."""
        return self.sender.wait_until_idle(timeout)

    def close(self) -> None:
        """Stop sending webhooks."""
        self.sender.close()


def _web(api_url: str) -> str:
    """Return the address of the pages that belong to an API root."""
    return api_url.removesuffix("/api/v3")
