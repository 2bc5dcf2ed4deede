"""What is asked as the App itself: installations, deliveries, registration."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gate.domain.model.github import Installation
from gate.domain.model.ids import InstallationId
from gate.errors import Refused, RetryLater
from gate.manifest import load_manifest
from gate.simulator.faults import Fault, WebhookFault
from tests.support.github_stage import (
    HOOK_URL,
    ORGANIZATION,
    REPOSITORY,
    Stage,
)


def test_installations_and_repositories_are_read_to_the_last_page(stage: Stage) -> None:
    """More than a page of each; a suspended installation is told as such."""
    others = [stage.github.create_installation(f"org-{number}") for number in range(110)]
    stage.github.suspend_installation(others[0])
    for number in range(110):
        stage.address_of(f"{ORGANIZATION}/repository-{number}")
    found = stage.client.app.read_installations()
    assert {it.id for it in found} == {stage.address.installation_id, *others}
    assert [it.id for it in found if it.suspended] == [others[0]]
    own = next(it for it in found if it.id == stage.address.installation_id)
    repositories = stage.client.app.read_installation_repositories(own)
    assert len({it.id for it in repositories}) == 111
    assert {it.installation_id for it in repositories} == {own.id}
    assert own.account.login == ORGANIZATION


def test_an_installation_that_is_gone_is_refused(stage: Stage) -> None:
    """It may have been deleted after it was listed."""
    (own,) = stage.client.app.read_installations()
    gone = Installation(InstallationId(own.id + 1), own.account, suspended=False, sees_all=False)
    with pytest.raises(Refused) as caught:
        stage.client.app.read_installation_repositories(gone)
    assert caught.value.reason == "not_found"


def test_the_delivery_log_is_read_page_by_page(stage: Stage) -> None:
    """Newest first, over more than one page, and no further than is looked at."""
    for number in range(130):
        stage.github.put_file(REPOSITORY, "README.md", str(number))
    assert stage.github.wait_until_delivered()
    log = stage.github.deliveries()
    assert len(log) > 100
    first = next(stage.client.app.read_hook_deliveries())
    assert stage.calls("/app/hook/deliveries") == 1
    found = list(stage.client.app.read_hook_deliveries())
    assert found[0] == first
    assert [it.number for it in found] == [it.id for it in log]
    assert [it.delivery_id for it in found] == [it.guid for it in log]
    assert not any(it.succeeded for it in found)
    assert {it.event for it in found} >= {"push"}
    assert all(abs(it.delivered_at - log[0].delivered_at) < timedelta(minutes=5) for it in found)


def test_a_redelivery_is_asked_for(stage: Stage) -> None:
    """GitHub tries again under the same delivery id; one it has forgotten is refused."""
    stage.github.put_file(REPOSITORY, "README.md", "again")
    assert stage.github.wait_until_delivered()
    failed = next(stage.client.app.read_hook_deliveries())
    stage.github.add_webhook_fault(WebhookFault("drop"))
    stage.client.app.send_redelivery(failed.number)
    assert stage.github.wait_until_delivered()
    again = next(stage.client.app.read_hook_deliveries())
    assert again.number != failed.number
    assert again.delivery_id == failed.delivery_id
    with pytest.raises(Refused) as caught:
        stage.client.app.send_redelivery(1)
    assert caught.value.reason == "not_found"


def test_the_app_is_read(either: Stage) -> None:
    """What the doctor compares: id, permissions, events, hook and clock."""
    app = either.client.app.read_app()
    assert (app.id, app.slug) == (either.app_id, "deployment-gate")
    assert app.permissions == load_manifest().permissions
    assert set(app.events) == {"push", "workflow_run"}
    assert either.client.app.read_hook_url() == HOOK_URL
    told = either.client.app.read_time()
    assert told is not None
    assert told.utcoffset() == timedelta(0)


def test_a_jwt_that_is_not_accepted_is_named(stage: Stage) -> None:
    """The doctor learns that App id and key do not belong together."""
    stage.github.add_fault(Fault("^/app$", status=401, body='{"message": "Integration not found"}'))
    with pytest.raises(Refused) as caught:
        stage.client.app.read_app()
    assert caught.value.reason == "key_rejected"
    assert "Integration not found" in caught.value.detail


def test_an_installation_without_an_owner_is_passed_over(stage: Stage) -> None:
    """The account may be deleted before the installation is; the others are listed all the same."""
    account = {"id": 7, "slug": "octo-corp"}
    listed = [{"id": 1, "account": None}, {"id": 2, "account": account, "suspended_at": None}]
    body = msgspec.json.encode(listed).decode()
    stage.github.add_fault(Fault("^/app/installations$", status=200, body=body))
    assert [(it.id, it.account.login) for it in stage.client.app.read_installations()] == [
        (2, "octo-corp")
    ]


def test_a_redelivery_whose_answer_is_lost_is_asked_for_later(stage: Stage) -> None:
    """A delivery may come twice: asking again does no harm."""
    stage.github.put_file(REPOSITORY, "README.md", "again")
    assert stage.github.wait_until_delivered()
    failed = next(stage.client.app.read_hook_deliveries())
    stage.github.add_fault(Fault("/attempts$", damage="close", apply=True, times=1))
    with pytest.raises(RetryLater) as caught:
        stage.client.app.send_redelivery(failed.number)
    assert caught.value.reason == "github_unavailable"
