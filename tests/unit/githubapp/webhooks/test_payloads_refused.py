"""A delivery that makes no sense is refused, and the field that is wrong is named."""

from __future__ import annotations

import pytest

from gate.domain.model.deliveries import (
    Observation,
    Pushed,
)
from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.payloads import ALWAYS_SENT, PARSED_EVENTS, PayloadParser
from tests.support.deliveries import (
    API_URL,
    Payload,
    encode,
    make_delivery,
    make_deployment,
    make_installation,
    make_repository,
    make_rule,
    make_run,
)

PARSER = PayloadParser(API_URL)


def parse(event: str, payload: Payload) -> Observation:
    """Read a delivery that is valid JSON."""
    return PARSER.parse(event, encode(payload))


def refusal(event: str, payload: Payload) -> DeliveryRejected:
    """Return the error that a delivery is refused with."""
    with pytest.raises(DeliveryRejected) as caught:
        parse(event, payload)
    return caught.value


def without(payload: Payload, *path: str) -> Payload:
    """Return a payload without one of its fields."""
    if len(path) == 1:
        return {key: value for key, value in payload.items() if key != path[0]}
    return payload | {path[0]: without(payload[path[0]], *path[1:])}


@pytest.mark.parametrize(
    ("event", "payload", "field"),
    [
        ("deployment_protection_rule", without(make_rule(), "installation"), "installation"),
        ("deployment_protection_rule", without(make_rule(), "environment"), "environment"),
        ("deployment_protection_rule", without(make_rule(), "deployment", "sha"), "sha"),
        (
            "deployment_protection_rule",
            without(make_rule(), "deployment_callback_url"),
            "deployment_callback_url",
        ),
        ("deployment_protection_rule", without(make_rule(), "repository", "owner"), "owner"),
        ("push", make_delivery(), "ref"),
        ("workflow_run", make_delivery(action="completed"), "workflow_run"),
        (
            "workflow_run",
            make_delivery(action="completed", workflow_run=without(make_run(), "path")),
            "path",
        ),
        ("installation", {"action": "created"}, "installation"),
        ("installation", make_installation(account=None), "installation.account"),
    ],
)
def test_a_missing_field_is_named(event: str, payload: Payload, field: str) -> None:
    """Whoever looks at a delivery that was set aside learns what it lacked."""
    error = refusal(event, payload)
    assert error.reason == "malformed"
    assert field in error.detail


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"environment": ""}, "environment"),
        ({"environment": "a\0b"}, "environment"),
        ({"environment": 7}, "environment"),
        ({"installation": {"id": 0}}, "installation.id"),
        ({"installation": {"id": -1}}, "installation.id"),
        ({"installation": {"id": 2**63}}, "installation.id"),
        ({"installation": {"id": 10**400}}, "installation.id"),
        ({"installation": {"id": 1.5}}, "installation.id"),
        ({"installation": {"id": "1"}}, "installation.id"),
        ({"installation": {"id": True}}, "installation.id"),
        ({"installation": None}, "installation"),
        ({"repository": make_repository(full_name="../..")}, "full_name"),
        ({"repository": make_repository(full_name="octo-org/..")}, "full_name"),
        ({"repository": make_repository(full_name="octo-org/frontend/x")}, "full_name"),
        ({"repository": make_repository(full_name="octo-org/front end")}, "full_name"),
        ({"repository": make_repository(full_name="octo-org/frontend\n")}, "full_name"),
        ({"repository": make_repository(full_name="octo-org")}, "full_name"),
        ({"repository": make_repository(owner=None)}, "owner"),
        ({"deployment": make_deployment(id=2**63)}, "deployment.id"),
        ({"deployment": make_deployment(created_at="yesterday")}, "created_at"),
        ({"deployment": make_deployment(created_at="2026-11-23T15:20:00")}, "created_at"),
        ({"deployment": make_deployment(created_at="0001-01-01T00:00:00+14:00")}, "deployment"),
        ({"deployment": make_deployment(created_at="9999-12-31T23:59:59-14:00")}, "deployment"),
    ],
)
def test_a_wrong_field_is_named(changes: Payload, field: str) -> None:
    """What could not be stored, or not be put into a path, is refused here."""
    error = refusal("deployment_protection_rule", make_rule(**changes))
    assert error.reason == "malformed"
    assert field in error.detail


def test_the_largest_ids_are_read() -> None:
    """Every id that a 64-bit column keeps is read."""
    seen = parse("push", make_delivery(ref="refs/heads/main", installation={"id": 2**63 - 1}))
    assert isinstance(seen, Pushed)
    assert seen.repository.installation_id == 2**63 - 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"action":"requested"',
        b"\xff\xfe{}",
        b'{"action":"\xff"}',
        b'{"action":"\\ud800"}',
        b"\0",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"repository":' + b"9" * 10_000 + b"}",
        b'{"action": NaN}',
        b"{}{}",
    ],
)
def test_bytes_that_are_no_delivery_are_malformed(body: bytes) -> None:
    """Broken JSON, broken UTF-8 and bottomless nesting are refused like any other mistake."""
    for event in PARSED_EVENTS | ALWAYS_SENT:
        with pytest.raises(DeliveryRejected) as caught:
            PARSER.parse(event, body)
        assert caught.value.reason == "malformed"
