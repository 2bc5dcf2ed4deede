"""What is wrong with an organization's policy is for those who may see the repository it is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from gate.domain.model.access import Visible
from gate.domain.requests.decision import Reason, ReasonCode
from gate.store.engine.database import Database
from gate.store.github.stored_policies import sources_of
from gate.store.requests.decisions import record_decision
from gate.store.requests.requests import read_request
from gate.store.requests.waking import wake_requests
from tests.support.builders.requests import make_decision, make_facts
from tests.support.policies import record_policies
from tests.support.rows import wait
from tests.support.sqlite import lay_out_schema
from tests.support.tenants import FLOOR, HUSHED, OURS, Policies, Tenant, tell_story
from tests.unit.web.conftest import NOW, Site
from tests.unit.web.pages.test_concealed_policies import site_for
from tests.unit.web.pages.test_isolation import ask

BROKEN = Policies(OURS.policy, f"{FLOOR}{HUSHED}: {HUSHED}\n")


@dataclass(frozen=True)
class Held:
    """A deployment held by the organization's invalid policy, and two readers of it."""

    tenant: Tenant
    reader: Site
    owner: Site


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Provide the application as it looks to both."""
    url = f"sqlite:///{tmp_path_factory.mktemp('reasons')}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    tenant = tell_story(database, OURS, BROKEN)
    database.transact(lambda tx: wake_requests(tx, [tenant.request], NOW))
    request = database.read(lambda it: read_request(it, tenant.request))
    assert request is not None
    basis = record_policies(database, OURS.repository, BROKEN.own, BROKEN.organization)
    reason = Reason(ReasonCode.POLICY_INVALID, f"{sources_of(OURS.repository)[1]}:\n{HUSHED}")
    decision = replace(make_decision(), reasons=(reason,))
    number, _ = database.transact(
        lambda tx: record_decision(tx, decision, make_facts(request=request), NOW, basis)
    )
    wait(database, request, decision_id=number)
    yield Held(
        tenant,
        site_for(database, Visible(frozenset({OURS.repository_id}))),
        site_for(database, Visible(frozenset({OURS.repository_id, OURS.shared_id}))),
    )
    database.close()


@pytest.mark.parametrize(
    "address", ["/requests/{request}", "/requests/{request}.svg", "/api/v1/requests/{request}"]
)
def test_the_problems_are_shown_to_who_may_see_the_policy(held: Held, address: str) -> None:
    """Others read that the policy is invalid."""
    shown = [ask(it, address, held.tenant) for it in (held.owner, held.reader)]
    assert [it.status_code for it in shown] == [200, 200]
    assert [HUSHED in it.text for it in shown] == [True, False]
    assert "invalid" in shown[1].text
