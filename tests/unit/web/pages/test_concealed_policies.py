"""Nobody reads the organization's policy who may not see the repository that holds it.

Every address of `test_isolation.CALLS` is asked for, in each way in which that policy counts for a
deployment. The comments of the gate quote it where they must: they are for whoever may see the
repository, so the stories here have none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Final

import pytest

from gate.domain.model.access import Visible
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.requests.requests import read_request
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.runs import make_run
from tests.support.rows import answer
from tests.support.sqlite import lay_out_schema
from tests.support.tenants import FLOOR, HUSHED, OURS, Policies, Tenant, tell_story
from tests.unit.web.conftest import NOW, Site
from tests.unit.web.pages.test_isolation import ADDRESSES, ask, written

BROKEN: Final = f"{FLOOR}{HUSHED}: {HUSHED}\n"
NAMING: Final = f"""version: 1
environments:
  {OURS.environment}:
    validation: {{workflow: {HUSHED}.yml, branch: {HUSHED}, required_jobs: [{HUSHED}]}}
  {HUSHED}: {{}}
"""
"""By this one, the repository's environment was never validated, and another one was."""

POLICIES: Final = {
    "floor": Policies(OURS.policy, FLOOR),
    "broken-floor": Policies(OURS.policy, BROKEN),
    "only": Policies(None, NAMING),
    "only-without-the-environment": Policies(None, FLOOR),
    "only-and-broken": Policies(None, BROKEN),
}
STATES: Final = ("waiting", "answered")
NOT_ON_THE_BOARD: Final = {
    ("floor", "waiting"),
    ("floor", "answered"),
    ("broken-floor", "waiting"),
    ("only-and-broken", "waiting"),
}
"""Where the board says nothing of the organization's policy to anybody."""


@dataclass(frozen=True)
class Concealed:
    """A tenant, and the application as it looks to two people.

    Both see the repository; the owner sees the one that holds the organization's policy, too.
    """

    case: tuple[str, str]
    tenant: Tenant
    reader: Site
    owner: Site


@pytest.fixture(scope="module", params=[*product(POLICIES, STATES)], ids="-".join)
def concealed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Concealed]:
    """Provide each way in which an organization's policy counts for a deployment."""
    policies, state = request.param
    url = f"sqlite:///{tmp_path_factory.mktemp('concealed')}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    tenant = tell_story(database, OURS, POLICIES[policies])
    validated(database)
    if state == "answered":
        held = database.read(lambda it: read_request(it, tenant.request))
        assert held is not None
        answer(database, held, now=NOW + timedelta(minutes=5))
    reader = site_for(database, Visible(frozenset({OURS.repository_id})))
    owner = site_for(database, Visible(frozenset({OURS.repository_id, OURS.shared_id})))
    yield Concealed(request.param, tenant, reader, owner)
    database.close()


def validated(database: Database) -> None:
    """Record a validation of what a policy says without naming a workflow."""
    run = make_run(
        repository_id=OURS.repository_id,
        head_repository_id=OURS.repository_id,
        run_id=OURS.digits * 1000 + 7,
        head_branch=OURS.repository.default_branch,
    )
    database.transact(lambda tx: record_run(tx, run, NOW))


def site_for(database: Database, visible: Visible) -> Site:
    """Return the application as it looks to a reader."""
    viewer = Viewer("reader", visible)
    return Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: viewer))


def test_an_organizations_policy_is_not_quoted(concealed: Concealed) -> None:
    """It speaks of other repositories too; and so do its problems."""
    answers = {it: ask(concealed.reader, it, concealed.tenant) for _, it in ADDRESSES}
    assert {it.status_code for it in answers.values()} == {200}
    assert [address for address, it in answers.items() if HUSHED in written(it)] == []


def test_who_may_see_its_repository_reads_it(concealed: Concealed) -> None:
    """So its absence for others proves something."""
    text = ask(concealed.owner, "/requests/{request}", concealed.tenant).text
    assert HUSHED in text


def test_the_board_quotes_it_to_who_may_see_its_repository(concealed: Concealed) -> None:
    """Once nothing waits, a cell says what the next deployment would meet."""
    text = ask(concealed.owner, "/", concealed.tenant).text
    assert (HUSHED in text) == (concealed.case not in NOT_ON_THE_BOARD)
