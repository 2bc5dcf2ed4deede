"""Nobody sees a repository that is not theirs, by any route of the application.

Two repositories in two installations have full stories (`tests.support.tenants`), and a reader may
see one of them. Every route of the application stands in `CALLS`, `PUBLIC` or `ELSEWHERE`; one that
does not fails `test_every_route_is_in_the_table`.

To add a page, add a line to `CALLS`: its rule as Flask writes it, and the addresses to ask for.
`{request}`, `{incident}`, `{owner}`, `{name}`, `{repository}` (an id), `{installation}`, `{run}`
and `{environment}` stand for those of a tenant. Name every query parameter by which one can ask for
something. Each address is then asked for three times: with the reader's own values it must answer
200, and with the other tenant's exactly as with values that nobody has. No answer may hold anything
of the other tenant. If your page shows tables that `tell_story` does not fill, fill them there.
`test_concealed_policies` asks for the same addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

import pytest
from werkzeug.test import TestResponse

from gate.domain.model.access import Visible
from gate.store.engine.database import Database
from gate.web.app import create_app
from gate.web.viewers import Viewer, Viewers
from tests.support.sqlite import lay_out_schema
from tests.support.statements import recorded_statements
from tests.support.tenants import OURS, THEIRS, UNKNOWN, Tenant, tell_story
from tests.unit.web.conftest import Site, UnwritableDatabase

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "/": ("/", "/?wall=1"),
    "/incidents": ("/incidents", "/incidents?repository={owner}/{name}"),
    "/incidents/<written_id>": ("/incidents/{incident}",),
    "/history": (
        "/history",
        "/history?repository={owner}/{name}",
        "/history?person={owner}",
        "/history?environment={environment}",
    ),
    "/history.csv": ("/history.csv", "/history.csv?repository={owner}/{name}"),
    "/history.jsonl": ("/history.jsonl", "/history.jsonl?repository={owner}/{name}"),
    "/requests/<written_id>": ("/requests/{request}",),
    "/requests/<written_id>.svg": ("/requests/{request}.svg",),
    "/insights": ("/insights", "/insights?repository={owner}/{name}"),
    "/repositories/<owner>/<name>": ("/repositories/{owner}/{name}",),
    "/status": ("/status",),
    "/badge/<owner>/<name>/<path:file>": ("/badge/{owner}/{name}/{environment}.svg",),
    "/api/v1/requests": (
        "/api/v1/requests",
        "/api/v1/requests?repository={owner}/{name}",
        "/api/v1/requests?repository_id={repository}",
        "/api/v1/requests?installation_id={installation}",
        "/api/v1/requests?run_id={run}",
        "/api/v1/requests?environment={environment}",
    ),
    "/api/v1/requests/<written_id>": ("/api/v1/requests/{request}",),
    "/api/v1/incidents": (
        "/api/v1/incidents",
        "/api/v1/incidents?repository={owner}/{name}",
        "/api/v1/incidents?repository_id={repository}",
        "/api/v1/incidents?installation_id={installation}",
        "/api/v1/incidents?environment={environment}",
    ),
    "/api/v1/incidents/<written_id>": ("/api/v1/incidents/{incident}",),
    "/api/v1/audit": (
        "/api/v1/audit",
        "/api/v1/audit?repository={owner}/{name}",
        "/api/v1/audit?repository_id={repository}",
        "/api/v1/audit?installation_id={installation}",
        "/api/v1/audit?run_id={run}",
    ),
    "/api/v1/stats": (
        "/api/v1/stats",
        "/api/v1/stats?repository={owner}/{name}",
        "/api/v1/stats?repository_id={repository}",
        "/api/v1/stats?environment={environment}",
    ),
    "/api/v1/validations/<repository_id>/<run_id>/<run_attempt>": (
        "/api/v1/validations/{repository}/{run}/1",
    ),
}

PUBLIC: Final = {
    "/static/<path:filename>": "files of the gate itself",
    "/healthz": "whether the process is up",
    "/readyz": "whether the service is ready",
    "/metrics": "numbers of the whole gate; installation ids, no names",
    "/runbooks": "pages of the documentation",
    "/runbooks/<name>": "pages of the documentation",
    "/api": "the documentation of the API",
    "/api/v1/openapi.json": "the documentation of the API",
    "/schemas/policy-1.json": "the documentation of the policy",
    "/sign-in": "before a sign-in",
    "/sign-in/start": "before a sign-in",
    "/sign-in/callback": "before a sign-in",
}
"""What strangers may open, and why that shows no tenant."""

ELSEWHERE: Final = {
    "/webhooks/github": "answers GitHub, by signature, with nothing of the record",
    "/api/v1/validations": "answers a run, by its token, with an address of that run",
    "/api/v1/alerts": "answers a run, by its token, with an address of that run",
    "/sign-out": "ends the caller's own session",
    "/sign-out/everywhere": "ends the caller's own sessions",
    "/account": "shows the caller's own sessions, and the names that `names_of` narrows",
}
"""What shows nothing that was recorded of a repository, and why."""

ADDRESSES: Final = [(rule, address) for rule, addresses in CALLS.items() for address in addresses]
PLACEHOLDER: Final = re.compile(r"\{\w+\}")
BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Provide one database for all: every test only reads."""
    url = f"sqlite:///{tmp_path_factory.mktemp('tenants')}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def tenants(database: Database) -> tuple[Tenant, Tenant]:
    """Provide two tenants with full stories: the reader's own, and one hidden from the reader."""
    theirs = tell_story(database, THEIRS)
    return tell_story(database, OURS), theirs


@pytest.fixture(scope="module")
def reading(database: Database, tenants: tuple[Tenant, Tenant]) -> Site:
    """Provide the application as it looks to someone who may see one repository."""
    reader = Viewer("reader", Visible(frozenset({tenants[0].repository_id})))
    return Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: reader))


def ask(site: Site, address: str, tenant: Tenant) -> TestResponse:
    """Ask for an address of a tenant, as a browser does."""
    path = address.format(
        request=tenant.request,
        incident=tenant.incident,
        owner=tenant.owner,
        name=tenant.name,
        repository=tenant.repository_id,
        installation=tenant.installation_id,
        run=tenant.run_id,
        environment=tenant.environment,
    )
    return site.client.get(path, headers=BROWSER, buffered=True)


def written(answer: TestResponse) -> str:
    """Return everything that an answer says: its headers and its text."""
    return f"{answer.headers}\n{answer.text}"


def plainly(answer: TestResponse, tenant: Tenant) -> str:
    """Return an answer without the values that it repeats from its question."""
    text = f"{answer.status}\n{written(answer)}"
    # When it was answered, to the second, is no matter of who asks.
    text = re.sub(r"(?mi)^(etag|date):.*$", "", text)
    text = text.replace(str(tenant.digits), "DIGITS").replace(tenant.mark, "MARK")
    for number in (tenant.request, tenant.incident):
        text = text.replace(f"/{number}", "/NUMBER")
    return text


def test_every_route_is_in_the_table(reading: Site) -> None:
    """A new page says here how it is asked for."""
    app = create_app(reading.deps, cast("Any", object()))
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    listed = [*CALLS, *PUBLIC, *ELSEWHERE]
    assert sorted(rules - set(listed)) == [], "add these rules to CALLS"
    assert sorted(set(listed) - rules) == [], "these rules are gone"
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(("rule", "address"), ADDRESSES)
def test_an_answer_holds_nothing_of_the_other_tenant(
    reading: Site, tenants: tuple[Tenant, Tenant], rule: str, address: str
) -> None:
    """Neither names, numbers, texts nor links; and the reader's own things are there."""
    ours, theirs = tenants
    answer = ask(reading, address, ours)
    assert answer.status_code == 200, answer.text
    text = written(answer)
    assert theirs.mark not in text
    assert str(theirs.digits) not in text
    for kind, number in (("requests", theirs.request), ("incidents", theirs.incident)):
        assert re.search(rf"/{kind}/{number}(?![0-9])", text) is None


@pytest.mark.parametrize("address", [it for _, it in ADDRESSES if PLACEHOLDER.search(it)])
def test_what_may_not_be_seen_answers_like_what_does_not_exist(
    reading: Site, tenants: tuple[Tenant, Tenant], address: str
) -> None:
    """Status, headers and text are equal, but for the values that were asked for.

    So are the statements to the database: how long an answer takes tells nothing either.
    """
    theirs = tenants[1]
    with recorded_statements() as for_hidden:
        hidden = ask(reading, address, theirs)
    with recorded_statements() as for_unknown:
        unknown = ask(reading, address, UNKNOWN)
    assert plainly(hidden, theirs) == plainly(unknown, UNKNOWN)
    assert for_hidden == for_unknown
    assert for_hidden


@pytest.mark.parametrize(("rule", "address"), ADDRESSES)
def test_reading_writes_nothing(
    database: Database, tenants: tuple[Tenant, Tenant], rule: str, address: str
) -> None:
    """However many people look, deliveries do not wait for them."""
    unwritable = UnwritableDatabase(database)
    site = Site(unwritable, status_checks={"database": unwritable.check_reading})
    assert ask(site, address, tenants[0]).status_code == 200


@pytest.mark.parametrize("path", [*CALLS])
def test_who_may_see_nothing_sees_nothing(
    database: Database, tenants: tuple[Tenant, Tenant], path: str
) -> None:
    """Neither tenant appears to a person without repositories."""
    nobody = Viewer("nobody", Visible(frozenset()))
    site = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: nobody))
    text = written(ask(site, CALLS[path][0], tenants[0]))
    assert not any(it.mark in text for it in tenants)


def test_the_other_tenant_is_there_for_who_may_see_it(
    database: Database, tenants: tuple[Tenant, Tenant]
) -> None:
    """The stories do show, so that their absence proves something."""
    site = Site(database)
    for path in ("/", "/api/v1/requests", "/api/v1/incidents", "/api/v1/audit"):
        text = site.client.get(path, headers=BROWSER, buffered=True).text
        assert all(it.mark in text for it in tenants), path
