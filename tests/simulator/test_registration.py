"""An App is registered from a manifest; its credentials are given out once, within an hour."""

import json
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.simulator.conftest import Story
from tests.simulator.registering import BACK, PERSONAL, manifest, post_form, register


def convert(story: Story, code: str) -> Any:
    """Exchange a code."""
    return story.call("POST", f"/app-manifests/{code}/conversions")


def test_the_button_registers_the_app_and_brings_the_state_back(story: Story) -> None:
    """The form shows the manifest's name; the redirect has a code and the caller's state."""
    address = f"{PERSONAL}?state=s%26t"
    text = json.dumps(manifest())
    form = post_form(story, address, manifest=text)
    assert form.status == 200
    assert 'value="Another Gate"' in form.body.decode()
    assert text in unescape(form.body.decode())
    answer = post_form(story, address, manifest=text, name="Octo Gate")
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{BACK}?")
    sent = parse_qs(urlsplit(answer.headers["location"]).query)
    assert sent["state"] == ["s&t"]
    converted = convert(story, sent["code"][0])
    assert converted.status == 201
    assert converted.json["slug"] == "octo-gate"
    assert converted.json["owner"]["login"] == "maintainer"
    assert converted.json["permissions"] == {"deployments": "write", "metadata": "read"}


def test_the_credentials_are_the_apps(story: Story) -> None:
    """The key signs a JWT that GitHub accepts; the secrets are there and differ."""
    given = convert(story, register(story)).json
    now = int(story.github.world.now().timestamp())
    key: Any = load_pem_private_key(given["pem"].encode(), None)
    claims = {"iss": given["client_id"], "iat": now - 60, "exp": now + 300}
    shown = story.call("GET", "/app", token=jwt.encode(claims, key, algorithm="RS256"))
    assert shown.status == 200
    assert shown.json["id"] == given["id"]
    assert len({given["client_secret"], given["webhook_secret"], ""}) == 3


def test_a_code_works_once_and_for_an_hour(story: Story) -> None:
    """Used, old and unknown codes are not found."""
    code = register(story)
    assert convert(story, code).status == 201
    assert convert(story, code).status == 404
    assert convert(story, "0" * 40).status == 404
    late = register(story, name="Late Gate")
    story.github.advance(timedelta(hours=1).total_seconds())
    assert convert(story, late).status == 404


def test_an_organization_owns_its_app(story: Story) -> None:
    """The organization's page registers for it; one that does not exist has none."""
    code = register(story, "/organizations/octo-org/settings/apps/new")
    assert convert(story, code).json["owner"]["login"] == "octo-org"
    elsewhere = "/organizations/nobody/settings/apps/new"
    assert post_form(story, elsewhere, manifest=json.dumps(manifest())).status == 404


def test_a_taken_name_is_asked_for_again(story: Story) -> None:
    """The page says so and keeps the manifest, so that another name can be entered."""
    register(story)
    answer = post_form(story, PERSONAL, manifest=json.dumps(manifest()), name="another  gate")
    assert answer.status == 422
    assert "Name is already taken" in answer.body.decode()
    assert json.dumps(manifest()) in unescape(answer.body.decode())
    assert len(story.github.world.apps) == 2


@pytest.mark.parametrize(
    "text",
    [
        "{",
        json.dumps({"name": "No address"}),
        json.dumps(manifest(redirect_url="https://example.com/back")),
        json.dumps(manifest(hook_attributes={"url": "https://example.com/hook"})),
        json.dumps(manifest(callback_urls=["https://example.com/"])),
    ],
)
def test_a_manifest_that_is_unusable_registers_nothing(story: Story, text: str) -> None:
    """No JSON, no address, or one that is not on this machine, where the simulation stays."""
    answer = post_form(story, PERSONAL, manifest=text, name="Another Gate")
    assert answer.status == 422
    assert "Invalid GitHub App configuration" in answer.body.decode()
    assert len(story.github.world.apps) == 1


def test_the_page_is_beside_the_api_of_an_enterprise_server(story: Story) -> None:
    """Pages stand at the host's root, and the conversion below the API's."""
    github = SimulatedGitHub()
    with serve(github, root="/api/v3") as url:
        story.url = url
        assert convert(story, register(story)).status == 201
