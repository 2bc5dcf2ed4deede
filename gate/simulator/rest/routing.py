"""Routes, and the call a route's function is given.

A route states who may call it: an App by its JWT or its client secret, an installation with a
permission, or a person who signed in. The functions describe only what happens then.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

import msgspec

from gate.simulator.http.authorization import Authorization
from gate.simulator.http.limits import RateLimits
from gate.simulator.http.tokens import InstallationToken, Tokens
from gate.simulator.http.wire import Request
from gate.simulator.state.accounts import Account, App, Installation
from gate.simulator.state.repositories import Repository
from gate.simulator.state.runs import Run
from gate.simulator.state.world import Json, World
from gate.simulator.webhooks.sender import WebhookSender

Auth = Literal["app", "installation", "user", "client", "anyone"]


class ApiError(Exception):
    """The request is refused with this status and message."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Json | str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}


def not_found() -> ApiError:
    """Make the answer for what does not exist or may not be seen."""
    return ApiError(404, "Not Found")


def shut_out(login: str) -> ApiError:
    """Make the answer for who calls from an address that an organization does not allow."""
    return ApiError(
        403,
        f"Although you appear to have the correct authorization credentials, the `{login}` "
        "organization has an IP allow list enabled, and your IP address is not permitted to access "
        "this resource.",
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is more than JSON with status 200; `raw` is sent as it is."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(slots=True)
class Call:
    """An authenticated request to a route."""

    world: World
    tokens: Tokens
    authorization: Authorization
    limits: RateLimits
    sender: WebhookSender
    request: Request
    parameters: dict[str, str]
    response_lost: bool = False
    caller: str = "anonymous"
    found_app: App | None = None
    found_token: InstallationToken | None = None
    found_person: Account | None = None
    found_repository: Repository | None = None

    @property
    def app(self) -> App:
        """Return the App that calls, by JWT or through an installation."""
        if self.found_app is None:
            raise ApiError(401, "Requires authentication")
        return self.found_app

    @property
    def person(self) -> Account:
        """Return the person who signed in to the App that calls."""
        if self.found_person is None:
            raise ApiError(401, "Requires authentication")
        return self.found_person

    @property
    def token(self) -> InstallationToken:
        """Return the installation token of the call."""
        if self.found_token is None:
            raise ApiError(403, "Resource not accessible by integration")
        return self.found_token

    @property
    def installation(self) -> Installation:
        """Return the installation that calls."""
        return self.world.installations[self.token.installation_id]

    @property
    def repository(self) -> Repository:
        """Return the repository that the path names, after checking the token for it."""
        if self.found_repository is None:
            raise not_found()
        return self.found_repository

    def number(self, name: str) -> int:
        """Read a numeric path parameter."""
        text = self.parameters[name]
        if not (text.isascii() and text.isdigit()):
            raise not_found()
        return int(text)

    def run(self) -> Run:
        """Find the run the path names, in the repository the path names."""
        run = self.world.runs.get(self.number("run_id"))
        if run is None or run.repository_id != self.repository.id:
            raise not_found()
        return run

    def body(self) -> Json:
        """Decode the JSON object of the request; an empty body is an empty object."""
        if not self.request.body:
            return {}
        try:
            decoded = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(400, "Problems parsing JSON") from error
        if not isinstance(decoded, dict):
            raise ApiError(400, "Body should be a JSON object")
        return decoded


Answering = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, who may call it, and what answers."""

    method: str
    path: str
    auth: Auth
    permission: tuple[str, str] | None
    answer: Answering
    names: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    rest: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


REPOSITORY_ROOTS = ("/repos/{owner}/{repo}", "/repositories/{repository_id}")


class RouteTable:
    """All routes as a tree of path segments; a `{name*}` takes the rest of the path."""

    def __init__(self) -> None:
        self._root = _Node()

    def route(
        self, method: str, path: str, auth: Auth, permission: tuple[str, str] | None = None
    ) -> Callable[[Answering], Answering]:
        """Register a function for one path."""

        def register(answer: Answering) -> Answering:
            node = self._root
            names = []
            for segment in path.strip("/").split("/"):
                if segment.endswith("*}"):
                    names.append(segment[1:-2])
                    node.rest = node = node.rest or _Node()
                elif segment.startswith("{"):
                    names.append(segment[1:-1])
                    node.parameter = node = node.parameter or _Node()
                else:
                    node = node.children.setdefault(segment, _Node())
            node.routes[method] = Route(method, path, auth, permission, answer, tuple(names))
            return answer

        return register

    def repository(
        self, method: str, path: str, permission: tuple[str, str]
    ) -> Callable[[Answering], Answering]:
        """Register a function below a repository, by its name and by its id."""

        def register(answer: Answering) -> Answering:
            for root in REPOSITORY_ROOTS:
                self.route(method, root + path, "installation", permission)(answer)
            return answer

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Find the route of a path, and its parameters, percent-decoded one by one."""
        node = self._root
        values: list[str] = []
        segments = path.strip("/").split("/")
        for index, segment in enumerate(segments):
            child = node.children.get(segment)
            if child is not None:
                node = child
            elif node.parameter is not None and segment:
                values.append(segment)
                node = node.parameter
            elif node.rest is not None:
                values.append("/".join(segments[index:]))
                node = node.rest
                break
            else:
                return None
        route = node.routes.get(method)
        if route is None:
            return None
        decoded = [unquote(value) if "%" in value else value for value in values]
        return route, dict(zip(route.names, decoded, strict=True))


ROUTES = RouteTable()
