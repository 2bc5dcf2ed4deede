"""Register an App as a browser does: post a manifest, press the page's button, follow the code."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.simulator.conftest import Answer, Story

BACK = "http://127.0.0.1:9/setup/registered"
PERSONAL = "/settings/apps/new"


def manifest(**changes: Any) -> dict[str, Any]:
    """Write the manifest of a gate on this machine."""
    values = {
        "name": "Another Gate",
        "url": "http://127.0.0.1:9",
        "redirect_url": BACK,
        "hook_attributes": {"url": "http://127.0.0.1:9/webhooks/github", "active": False},
        "callback_urls": ["http://127.0.0.1:9/sign-in/callback"],
        "default_permissions": {"deployments": "write"},
        "default_events": ["deployment_protection_rule"],
    }
    return values | changes


def post_form(story: Story, path: str, **fields: str) -> Answer:
    """Post a form to a page."""
    response = story.http.request(
        "POST",
        story.url.removesuffix("/api/v3") + path,
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, response.data, None)


def register(story: Story, path: str = PERSONAL, name: str = "Another Gate") -> str:
    """Register an App and return the code for its credentials."""
    answer = post_form(story, path, manifest=json.dumps(manifest()), name=name)
    assert answer.status == 302, answer.body
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
