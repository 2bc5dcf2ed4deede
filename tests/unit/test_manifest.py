from pathlib import Path

import pytest
import yaml

import gate
from gate.manifest import Manifest, load_manifest

APP_YAML = Path(gate.__file__).parent.parent / "app.yaml"


@pytest.fixture
def manifest() -> Manifest:
    """The manifest as the service reads it."""
    return load_manifest()


def test_permissions_are_the_least_that_work(manifest: Manifest) -> None:
    """What is written: deployments, issues, checks. An owner has to grant each addition."""
    assert manifest.permissions == {
        "actions": "read",
        "checks": "write",
        "contents": "read",
        "deployments": "write",
        "issues": "write",
        "members": "read",
        "metadata": "read",
        "pull_requests": "read",
    }


def test_permissions_cannot_be_changed(manifest: Manifest) -> None:
    """What the file asks for stays what was read."""
    with pytest.raises(TypeError):
        manifest.permissions["contents"] = "write"  # type: ignore[index]  # the point of the test


def test_events_are_those_we_take_in(manifest: Manifest) -> None:
    """Each event comes once, in the file's order."""
    assert manifest.events == (
        "check_run",
        "check_suite",
        "deployment_protection_rule",
        "deployment_review",
        "deployment_status",
        "issue_comment",
        "issues",
        "pull_request",
        "push",
        "workflow_run",
    )


def test_the_file_has_only_keys_that_github_knows() -> None:
    """GitHub refuses or forgets anything else; it has no key for the webhook secret."""
    document = yaml.safe_load(APP_YAML.read_text(encoding="utf-8"))

    assert set(document) <= {
        "name",
        "url",
        "hook_attributes",
        "redirect_url",
        "callback_urls",
        "setup_url",
        "description",
        "public",
        "default_events",
        "default_permissions",
        "request_oauth_on_install",
        "setup_on_update",
    }
    assert document["public"] is False
