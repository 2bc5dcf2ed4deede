"""Webhook payloads: their shapes, and what real ones have that the schemas do not."""

import importlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from githubkit.compat import type_validate_json

from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story

MODELS = importlib.import_module("githubkit_schemas.latest.models")


def model(event: str, action: str | None) -> Any:
    """Find the generated model of an event."""
    name = "Webhook" + "".join(word.title() for word in event.split("_"))
    return getattr(MODELS, name + "".join(word.title() for word in (action or "").split("_")))


def tell_everything(story: Story) -> None:
    """Make every webhook happen."""
    github = story.github
    github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    # The schema of an answered review knows users alone, that of a requested one teams too.
    github.protect_environment(REPOSITORY, "staging", reviewers=["team:octo-org/deployers"])
    github.deploy(REPOSITORY, "staging")
    approved = github.deploy(REPOSITORY).run_id
    github.review_as("carol", approved, ENVIRONMENT, "approved", "go")
    story.review(approved, "approved", "green")
    github.finish_job(approved)
    rejected = github.deploy(REPOSITORY).run_id
    github.review_as("carol", rejected, ENVIRONMENT, "rejected", "no")
    number = github.open_issue(REPOSITORY, "It is red")
    comment = github.comment_on_issue(REPOSITORY, number, "carol", "/override 1 because")
    github.edit_comment(REPOSITORY, comment, "something else", "dave")
    github.delete_comment(REPOSITORY, comment, "dave")
    github.assign_issue(REPOSITORY, number, "dave", "carol")
    github.close_issue(REPOSITORY, number, "carol")
    github.reopen_issue(REPOSITORY, number, "carol")
    path, token = f"/repos/{REPOSITORY}/issues", story.token()
    wanted = {"title": "Validation failed", "body": "…", "labels": ["production-validation"]}
    assert story.call("POST", path, wanted, token).status == 201
    assert story.call("PATCH", f"{path}/{number}", {"body": "more"}, token).status == 200
    github.put_file(REPOSITORY, ".github/gate.yml", "x: 1")
    github.delete_file(REPOSITORY, ".github/gate.yml")
    pull = github.open_pull_request(REPOSITORY, {"a.txt": "a"})
    sha = github.push_to_pull_request(REPOSITORY, pull, {"a.txt": "b"})
    output = {"title": "1 problem", "summary": "In one line"}
    check = {"name": "policy", "head_sha": sha, "conclusion": "failure", "output": output}
    made = story.call("POST", f"/repos/{REPOSITORY}/check-runs", check, token).json["id"]
    github.rerequest_check_run(REPOSITORY, made, "carol")
    github.rerequest_check_suite(REPOSITORY, made, "carol")
    github.retarget_pull_request(REPOSITORY, pull, "change")
    github.merge_pull_request(REPOSITORY, pull, "carol")
    github.remove_repository(story.installation_id, REPOSITORY)
    github.suspend_installation(story.installation_id)
    github.unsuspend_installation(story.installation_id)
    github.delete_installation(story.installation_id)
    other = github.create_installation("acme")
    github.create_repository("acme/shop", other)
    assert github.wait_until_delivered()


# The published schemas do not know `waiting` as the state of a deployment or of a check run.
WAITING_IS_UNKNOWN = {"deployment", "deployment_status"}


def test_every_payload_is_what_the_generated_models_describe(story: Story) -> None:
    """Each delivery parses, and every kind of event that can be sent was sent."""
    tell_everything(story)
    seen = set()
    for each in story.hook.received:
        action = each.payload.get("action")
        seen.add((each.event, action))
        text = each.body
        if each.event in WAITING_IS_UNKNOWN:
            text = text.replace(b'"waiting"', b'"queued"')
        type_validate_json(model(each.event, action), text)
    assert seen == {
        ("check_run", "completed"),
        ("check_run", "created"),
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
        ("pull_request", "closed"),
        ("pull_request", "edited"),
        ("pull_request", "opened"),
        ("pull_request", "synchronize"),
        ("deployment", "created"),
        ("deployment_protection_rule", "requested"),
        ("deployment_review", "approved"),
        ("deployment_review", "rejected"),
        ("deployment_review", "requested"),
        ("deployment_status", "created"),
        ("issue_comment", "created"),
        ("issue_comment", "deleted"),
        ("issue_comment", "edited"),
        ("issues", "assigned"),
        ("issues", "closed"),
        ("issues", "edited"),
        ("issues", "labeled"),
        ("issues", "opened"),
        ("issues", "reopened"),
        ("installation", "created"),
        ("installation", "deleted"),
        ("installation", "suspend"),
        ("installation", "unsuspend"),
        ("installation_repositories", "added"),
        ("installation_repositories", "removed"),
        ("push", None),
        ("workflow_run", "completed"),
        ("workflow_run", "in_progress"),
        ("workflow_run", "requested"),
    }


def test_a_new_webhook_is_greeted(story: Story) -> None:
    """The webhook's first delivery is a `ping` that names the App."""
    (ping,) = [each for each in story.github.deliveries() if each.event == "ping"]
    payload: Any = story.github.payload(ping.id)
    assert payload["hook"]["app_id"] == story.app_id
    assert payload["hook_id"] == payload["hook"]["id"]


def test_the_rule_is_asked_as_in_real_deliveries(story: Story) -> None:
    """`sha` and `ref` are there; the run stands in the callback address alone, the attempt not."""
    run_id = story.github.deploy(REPOSITORY).run_id
    (payload,) = story.delivered("deployment_protection_rule")
    view = story.github.run_view(run_id)
    assert payload["sha"] == payload["deployment"]["sha"] == view.head_sha
    assert payload["ref"] == "main"
    assert payload["environment"] == ENVIRONMENT
    assert not {"workflow_run", "run_attempt", "actor"} & payload.keys()
    assert payload["deployment_callback_url"] == (
        f"{story.url}/repos/{REPOSITORY}/actions/runs/{run_id}/deployment_protection_rule"
    )
    assert payload["installation"]["id"] == story.installation_id
    assert payload["repository"]["id"] == story.repository_id
    assert payload["organization"]["login"] == "octo-org"


def test_a_payload_has_a_realistic_size(story: Story) -> None:
    """Several kilobytes, as full repositories, senders and organizations make it."""
    story.github.deploy(REPOSITORY)
    assert story.github.wait_until_delivered()
    sizes = {each.event: len(each.body) for each in story.hook.received}
    assert sizes["deployment_protection_rule"] > 8_000
    assert sizes["workflow_run"] > 12_000


def test_a_review_names_the_environment_in_its_job_runs(story: Story) -> None:
    """`deployment_review` has no environment of its own once it is answered."""
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = story.github.deploy(REPOSITORY, jobs=["a", "b"]).run_id
    story.github.review_as("carol", run_id, ENVIRONMENT, comment="go")
    (payload,) = story.delivered("deployment_review", "approved")
    assert "environment" not in payload
    assert [each["environment"] for each in payload["workflow_job_runs"]] == [ENVIRONMENT] * 2
    assert payload["approver"]["login"] == "carol"
    assert payload["comment"] == "go"
    assert payload["workflow_run"]["status"] == "waiting"
    requested = story.delivered("deployment_review", "requested")
    assert [each["environment"] for each in requested] == [ENVIRONMENT] * 2


def test_only_what_is_subscribed_to_is_sent(story: Story) -> None:
    """An App without a subscription hears of its installations all the same."""
    other = story.github.register_app(
        story.keys.public, "s", story.hook.url, {"actions": "read"}, [], "Deaf"
    )
    installation_id = story.github.create_installation("quiet", app_id=other)
    story.github.create_repository("quiet/site", installation_id)
    story.github.deploy("quiet/site")
    assert story.github.wait_until_delivered()
    assert set(story.hook.events()) == {"ping", "installation", "installation_repositories"}


def test_a_suspended_installation_hears_nothing(story: Story) -> None:
    """While it is suspended the App is not asked about jobs."""
    story.github.suspend_installation(story.installation_id)
    story.github.deploy(REPOSITORY)
    assert story.github.wait_until_delivered()
    assert set(story.hook.events()) == {"installation"}


@pytest.mark.parametrize("field", ["url", "html_url", "deployments_url"])
def test_addresses_stay_in_the_simulation(story: Story, field: str) -> None:
    """No address in a payload leads to the real GitHub."""
    tell_everything(story)
    for each in story.hook.received:
        assert b"github.com" not in each.body
        repository = each.payload.get("repository")
        if repository is not None:
            assert urlsplit(repository[field]).hostname == "127.0.0.1"
