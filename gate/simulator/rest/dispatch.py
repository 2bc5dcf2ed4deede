"""From a request to its answer: authentication, permissions, limits, conditional requests."""

import hashlib
import threading
from collections import Counter, deque
from urllib.parse import urlencode

import msgspec

from gate.simulator.http.authorization import TOKEN_PREFIX, Authorization
from gate.simulator.http.limits import RateLimits
from gate.simulator.http.tokens import BadCredentials, Tokens
from gate.simulator.http.wire import Request, Response
from gate.simulator.rest import (
    apps,
    checks,
    commits,
    deployments,
    hooks,
    issues,
    manifests,
    pull_requests,
    repositories,
    reviews,
    runs,
    users,
)
from gate.simulator.rest.apps import permits
from gate.simulator.rest.routing import (
    ROUTES,
    ApiError,
    Auth,
    Call,
    Reply,
    Route,
    not_found,
    shut_out,
)
from gate.simulator.state.records import RequestRecord
from gate.simulator.state.world import Json, World
from gate.simulator.webhooks.sender import WebhookSender

# Importing a module of routes registers them.
ROUTE_MODULES = (
    apps,
    checks,
    commits,
    deployments,
    hooks,
    issues,
    manifests,
    pull_requests,
    repositories,
    reviews,
    runs,
    users,
)

DOCUMENTATION_URL = "https://docs.github.com/rest"
JSON_TYPE = "application/json; charset=utf-8"
UNMATCHED = "(no such route)"


class RestApi:
    """The REST API of one simulated GitHub. `answer` is safe to call from any thread."""

    def __init__(
        self,
        world: World,
        tokens: Tokens,
        authorization: Authorization,
        limits: RateLimits,
        sender: WebhookSender,
        lock: threading.RLock,
        log_size: int = 20_000,
    ) -> None:
        self._world = world
        self._tokens = tokens
        self._authorization = authorization
        self._limits = limits
        self._sender = sender
        self._lock = lock
        self._number = 0
        self.log: deque[RequestRecord] = deque(maxlen=log_size)
        self.counts: Counter[str] = Counter()

    def answer(self, request: Request, path: str, *, response_lost: bool = False) -> Response:
        """Answer a request for `path`, which is the request's path below the API root."""
        with self._lock:
            found = ROUTES.find(request.method, path)
            call = Call(
                self._world,
                self._tokens,
                self._authorization,
                self._limits,
                self._sender,
                request,
                found[1] if found else {},
                response_lost,
            )
            # Below the root, as links and redirects have to be built.
            request.path = path
            try:
                reply = self._perform(call, found[0] if found else None)
            except ApiError as error:
                reply = refusal(error)
            response = self._response(call, reply)
            self._record(call, found[0] if found else None, response.status)
            return response

    def record_fault(self, request: Request, path: str, status: int) -> None:
        """Write a request to the log that a fault kept from the API."""
        found = ROUTES.find(request.method, path)
        route = found[0].path if found else UNMATCHED
        with self._lock:
            self.counts[f"{request.method} {route}"] += 1
            now = self._world.now()
            self.log.append(RequestRecord(now, request.method, route, path, status, fault=True))

    def _perform(self, call: Call, route: Route | None) -> Reply:
        self._authenticate(call, route)
        if route is None:
            raise not_found()
        bucket = self._limits.bucket(call.caller, self._world.now())
        if bucket is not None and bucket.remaining == 0 and route.path != "/rate_limit":
            raise ApiError(403, f"API rate limit exceeded for {call.caller}.")
        redirect = self._find_repository(call, route)
        if redirect is not None:
            return redirect
        if route.permission is not None and not permits(call.token.permissions, *route.permission):
            accepted = {"X-Accepted-GitHub-Permissions": "=".join(route.permission)}
            raise ApiError(403, "Resource not accessible by integration", headers=accepted)
        if call.found_repository is not None and call.found_repository.archived:
            _check_unarchived(call)
        value = route.answer(call)
        return value if isinstance(value, Reply) else Reply(value)

    def _authenticate(self, call: Call, route: Route | None) -> None:
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        wanted = route.auth if route else "anyone"
        if not token:
            if wanted == "anyone":
                return
            raise ApiError(401, "Requires authentication")
        if (scheme.lower() == "basic") is not (wanted == "client"):
            raise ApiError(401, "Bad credentials")
        if scheme.lower() not in ("basic", "bearer", "token"):
            raise ApiError(401, "Bad credentials")
        try:
            if wanted == "client":
                call.found_app = self._authorization.find_client(token)
                return
            if token.startswith(TOKEN_PREFIX):
                self._authenticate_person(call, token, wanted)
            elif token.startswith("ghs_"):
                self._authenticate_installation(call, token, wanted)
            else:
                self._authenticate_app(call, token, wanted)
        except BadCredentials as error:
            raise ApiError(401, str(error)) from error

    def _authenticate_app(self, call: Call, token: str, wanted: Auth) -> None:
        call.found_app = self._tokens.verify_jwt(token)
        call.caller = f"App ID {call.found_app.id}"
        if wanted in {"installation", "user"}:
            raise ApiError(403, "Resource not accessible by integration")

    def _authenticate_installation(self, call: Call, token: str, wanted: Auth) -> None:
        call.found_token = self._tokens.find(token)
        if wanted == "app":
            raise ApiError(401, "A JSON web token could not be decoded")
        if wanted == "user":
            raise ApiError(403, "Resource not accessible by integration")
        call.found_app = self._world.apps[call.found_token.app_id]
        call.caller = f"installation ID {call.found_token.installation_id}"
        if call.installation.suspended_at is not None:
            raise ApiError(403, "This installation has been suspended")
        if not call.installation.account.allows_ip:
            raise shut_out(call.installation.account.login)

    def _authenticate_person(self, call: Call, token: str, wanted: Auth) -> None:
        grant = self._authorization.find(token)
        if wanted not in {"user", "anyone"}:
            raise ApiError(403, "Resource not accessible by integration")
        call.found_app = self._world.apps[grant.app_id]
        call.found_person = grant.person
        call.caller = f"user ID {grant.person.id}"

    def _find_repository(self, call: Call, route: Route) -> Reply | None:
        """Find the repository in the path; a former name is answered with its new address."""
        if route.auth != "installation":
            return None
        moved = False
        if "repository_id" in route.names:
            repository_id = call.number("repository_id")
        elif "repo" in route.names:
            name = f"{call.parameters['owner']}/{call.parameters['repo']}".lower()
            repository_id = self._world.repository_names.get(name, 0)
            if not repository_id:
                repository_id = self._world.former_names.get(name, 0)
                moved = True
        else:
            return None
        selected = call.token.repository_ids
        covered = repository_id in call.installation.repository_ids
        is_selected = covered and (selected is None or repository_id in selected)
        if not is_selected and not self._shows_to_all(call, repository_id):
            raise not_found()
        if moved:
            return self._moved(call, repository_id)
        call.found_repository = self._world.repositories[repository_id]
        return None

    def _shows_to_all(self, call: Call, repository_id: int) -> bool:
        found = self._world.repositories.get(repository_id)
        is_public = found is not None and not found.private
        reads = call.request.method == "GET" and self._world.switches.reads_public_repositories
        return reads and is_public

    def _moved(self, call: Call, repository_id: int) -> Reply:
        rest = "/".join(call.request.path.strip("/").split("/")[3:])
        address = f"{self._world.api_url}/repositories/{repository_id}/{rest}".rstrip("/")
        if call.request.query:
            address += "?" + urlencode(call.request.query)
        value = {
            "message": "Moved Permanently",
            "url": address,
            "documentation_url": DOCUMENTATION_URL,
        }
        return Reply(value, 301, {"Location": address})

    def _response(self, call: Call, reply: Reply) -> Response:
        status = reply.status
        headers = {"Content-Type": JSON_TYPE, "X-GitHub-Media-Type": "github.v3; format=json"}
        headers |= reply.headers
        if reply.raw is not None:
            body = reply.raw
        elif status == 204:
            body = b""
            del headers["Content-Type"]
        else:
            body = msgspec.json.encode(reply.value)
        if call.request.method == "GET" and status == 200:
            etag = f'W/"{hashlib.blake2b(body, digest_size=20).hexdigest()}"'
            headers["ETag"] = etag
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if etag in call.request.headers.get("if-none-match", ""):
                status, body = 304, b""
        bucket = self._limits.bucket(call.caller, self._world.now())
        if bucket is not None:
            if status != 304 and call.request.path != "/rate_limit":
                bucket.used = min(bucket.used + 1, bucket.limit)
            headers |= bucket.headers()
        self._number += 1
        headers["X-GitHub-Request-Id"] = f"51A0:{self._number:06X}"
        headers["X-GitHub-Api-Version-Selected"] = call.request.headers.get(
            "x-github-api-version", "2022-11-28"
        )
        return Response(status, body, headers)

    def _record(self, call: Call, route: Route | None, status: int) -> None:
        path = route.path if route else UNMATCHED
        self.counts[f"{call.request.method} {path}"] += 1
        self.log.append(
            RequestRecord(
                self._world.now(),
                call.request.method,
                path,
                call.request.path,
                status,
                call.found_token.installation_id if call.found_token else None,
            )
        )


def _check_unarchived(call: Call) -> None:
    if call.request.method != "GET":
        raise ApiError(403, "Repository was archived so is read-only.")


def refusal(error: ApiError) -> Reply:
    """Write an error as GitHub does."""
    value: Json = {"message": error.message}
    if error.errors is not None:
        value["errors"] = error.errors
    value["documentation_url"] = DOCUMENTATION_URL
    value["status"] = str(error.status)
    return Reply(value, error.status, error.headers)
