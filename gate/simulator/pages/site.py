"""Answer browsers: one plain page at each address of GitHub that the API names."""

import re
import shlex
from collections.abc import Callable
from importlib.resources import files
from urllib.parse import unquote, urlsplit

import msgspec
from jinja2 import Environment

from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.control import PREFIX as CONTROL_PREFIX
from gate.simulator.github import SimulatedGitHub
from gate.simulator.http.authorization import PREFIX as AUTHORIZATION_PREFIX
from gate.simulator.http.wire import Request, Response
from gate.simulator.pages import issues, repositories, runs
from gate.simulator.pages.subject import Deed, Subject
from gate.simulator.rest.routing import ROUTES
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import World

_NO_PAGES = (f"{OIDC_PREFIX}/", AUTHORIZATION_PREFIX, CONTROL_PREFIX)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}
_NUMBER = "([0-9]{1,18})"
_BELOW_REPOSITORY: tuple[tuple[str, Callable[..., Subject | None]], ...] = (
    ("", repositories.describe_repository),
    ("actions", runs.list_runs),
    ("actions/workflows/([^/]+)", runs.list_workflow_runs),
    (f"actions/runs/{_NUMBER}", runs.describe_run),
    (f"actions/runs/{_NUMBER}/attempts/{_NUMBER}", runs.describe_attempt),
    (f"actions/runs/{_NUMBER}/job/{_NUMBER}", runs.describe_job),
    ("deployments(?:/activity_log)?", runs.list_deployments),
    ("issues", issues.list_issues),
    (f"issues/{_NUMBER}", issues.describe_issue),
    ("commit/([0-9a-f]{40})", repositories.describe_commit),
    ("commits/(.+)", repositories.list_commits),
    ("blob/(.+)", repositories.describe_file),
)
_TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    files("gate.simulator.pages").joinpath("page.html").read_text("utf-8")
)


def asks_for_page(request: Request, root: str) -> bool:
    """Check whether a browser looks for a page, not a client of the API, whose root is at `root`.

    A browser names HTML among what it accepts; at an address of the API it gets the API's answer,
    as on GitHub.
    """
    if request.method != "GET" or request.path.startswith(_NO_PAGES):
        return False
    if "text/html" not in request.headers.get("accept", ""):
        return False
    if root:
        return not request.path.startswith(f"{root}/")
    return ROUTES.find("GET", request.path) is None


def answer(simulated: SimulatedGitHub, request: Request) -> Response:
    """Answer with the page of an address; one that leads to nothing has a page that says so."""
    with simulated.lock:
        subject = _find(simulated.world, unquote(request.path).strip("/"))
        commands = [_spell(simulated.world, it) for it in subject.deeds] if subject else []
    text = _TEMPLATE.render(subject=subject, commands=commands)
    return Response(200 if subject else 404, text.encode("utf-8", "replace"), dict(_HEADERS))


def _find(world: World, path: str) -> Subject | None:
    if not path:
        return repositories.list_repositories(world)
    segments = path.split("/", 2)
    if len(segments) == 1:
        return repositories.describe_account(world, path)
    repository = _repository(world, "/".join(segments[:2]).lower())
    if repository is None:
        return None
    rest = segments[2] if len(segments) > 2 else ""
    for pattern, describe in _BELOW_REPOSITORY:
        found = re.fullmatch(pattern, rest)
        if found is not None:
            return describe(world, repository, *found.groups())
    return None


def _repository(world: World, name: str) -> Repository | None:
    """Find a repository by its present or a former name."""
    repository_id = world.repository_names.get(name) or world.former_names.get(name)
    return world.repositories[repository_id] if repository_id is not None else None


def _spell(world: World, deed: Deed) -> str:
    """Write a command of the simulator as a line for a shell."""
    host = urlsplit(world.api_url)
    arguments = msgspec.json.encode(deed.arguments).decode()
    url = f"{host.scheme}://{host.netloc}{CONTROL_PREFIX}{deed.command}"
    return f"curl {url} -d {shlex.quote(arguments)}"
