"""What GitHub is asked to register fits the gate, and only a whole answer becomes credentials."""

import json
from typing import Any

import pytest

from gate.manifest import load_manifest
from gate.setup.credentials import Credentials
from gate.setup.registration import (
    Unusable,
    check_return,
    read_conversion,
    registration_path,
    write_manifest,
)
from tests.support.keys import make_key_pair

PRIVATE, _ = make_key_pair()
ANSWER: dict[str, Any] = {
    "id": 7,
    "slug": "deployment-gate",
    "client_id": "Iv23liExample",
    "client_secret": "c" * 40,
    "webhook_secret": "w" * 40,
    "pem": PRIVATE,
}


def test_the_app_is_registered_for_a_person_or_an_organization() -> None:
    """The addresses are those of GitHub's documentation."""
    assert registration_path(None) == "/settings/apps/new"
    assert registration_path("octo-org") == "/organizations/octo-org/settings/apps/new"


@pytest.mark.parametrize("name", ["", "-octo", "a" * 40, "octo/../x", "octo?x", "octo org", "ö"])
def test_what_is_no_organization_gets_into_no_address(name: str) -> None:
    """A name cannot change where the manifest is posted."""
    with pytest.raises(ValueError, match="organization"):
        registration_path(name)


@pytest.mark.parametrize("receives", [True, False])
def test_the_manifest_has_the_gates_addresses_and_permissions(
    receives: bool,
) -> None:
    """The webhook is off while GitHub cannot reach the gate."""
    shipped = load_manifest()
    written = json.loads(
        write_manifest(
            shipped,
            public_url="https://gate.example.com",
            set_up_url="http://127.0.0.1:8080/setup",
            receives=receives,
        )
    )
    assert written["default_permissions"] == shipped.permissions
    assert written["default_events"] == list(shipped.events)
    assert written["public"] is False
    assert written["redirect_url"] == "http://127.0.0.1:8080/setup/registered"
    assert written["callback_urls"] == ["https://gate.example.com/sign-in/callback"]
    hook = {"url": "https://gate.example.com/webhooks/github", "active": receives}
    assert written["hook_attributes"] == hook


def test_only_the_state_that_was_sent_comes_back() -> None:
    """Another state, none, and one that nobody sent are refused, and so is an odd code."""
    assert check_return("c0de", "state", "state") is None
    for code, state, expected in [
        ("c0de", "other", "state"),
        ("c0de", "", "state"),
        ("c0de", "", ""),
        ("c0de", "stäte", "state"),
        ("", "state", "state"),
        ("../conversions", "state", "state"),
    ]:
        assert isinstance(check_return(code, state, expected), Unusable), (code, state)


def test_a_whole_answer_is_credentials() -> None:
    """Every part of it arrives where it belongs."""
    read = read_conversion(201, json.dumps(ANSWER).encode())
    assert read == Credentials(7, "Iv23liExample", "c" * 40, "w" * 40, PRIVATE)


@pytest.mark.parametrize("name", ["id", "client_id", "client_secret", "webhook_secret", "pem"])
@pytest.mark.parametrize("value", [None, "", {"odd": 1}])
def test_an_answer_that_lacks_a_part_is_unusable(name: str, value: object) -> None:
    """Nothing is stored of it, and no secret is quoted."""
    read = read_conversion(201, json.dumps(ANSWER | {name: value}).encode())
    assert isinstance(read, Unusable)
    assert "c" * 40 not in repr(read)


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (404, b'{"message":"Not Found"}', "older than an hour"),
        (422, b"{}", "older than an hour"),
        (500, b"", "500"),
        (200, json.dumps(ANSWER).encode(), "200"),
        (201, b"<html>", "lacks"),
        (201, b"\xff", "lacks"),
    ],
)
def test_other_answers_have_a_next_step(status: int, body: bytes, word: str) -> None:
    """An old or used code, an outage, and a page that is no answer."""
    read = read_conversion(status, body)
    assert isinstance(read, Unusable)
    assert word in read.problem
    assert read.next_step
