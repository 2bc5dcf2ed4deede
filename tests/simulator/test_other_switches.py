"""Every position of the switches about access, listings and deliveries."""

import threading
from typing import Any

import pytest

from gate.simulator.clock import timestamp
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story
from tests.simulator.gated_runs import waiting
from tests.support.webhook_receiver import wait_for


@pytest.mark.parametrize(("position", "status"), [(False, 403), (True, 404)])
def test_hides_missing_permission(story: Story, position: bool, status: int) -> None:
    """The lack of a permission is 403 or 404."""
    story.switch(hides_missing_permission=position)
    token = story.token(permissions={"actions": "read"})
    assert story.review(waiting(story), "approved", token=token).status == status


@pytest.mark.parametrize(("position", "status"), [(False, 404), (True, 200)])
def test_reads_public_repositories(story: Story, position: bool, status: int) -> None:
    """What is public may be read by any token, or by those made for it; never what is private."""
    story.switch(reads_public_repositories=position)
    story.github.create_repository("strangers/public")
    story.github.create_repository("strangers/private", private=True)
    token = story.token()
    assert story.call("GET", "/repos/strangers/public", token=token).status == status
    assert story.call("GET", "/repos/strangers/private", token=token).status == 404


@pytest.mark.parametrize(
    ("position", "listed"),
    [("all", [("ios", 2, True), ("android", 2, False)]), ("rerun", [("android", 2, False)])],
)
def test_partial_rerun_lists(story: Story, position: str, listed: list[Any]) -> None:
    """A re-run of the failed job lists the other with its old start, or leaves it out."""
    story.switch(partial_rerun_lists=position)
    ended = {"ios": "success", "android": "failure"}
    run_id = story.github.validate(REPOSITORY, "failure", jobs=ended)
    story.github.advance(3600)
    assert story.github.rerun_failed_jobs(run_id) == 2
    started = timestamp(story.github.run_view(run_id).run_started_at)
    story.github.complete_run(run_id, "success")
    path, token = f"/repos/{REPOSITORY}/actions/runs/{run_id}", story.token()
    for ending in ("/attempts/2/jobs", "/jobs"):
        jobs = story.call("GET", f"{path}{ending}", token=token).json["jobs"]
        shown = [(it["name"], it["run_attempt"], it["started_at"] < started) for it in jobs]
        assert shown == listed
    every = story.call("GET", f"{path}/jobs?filter=all", token=token).json["jobs"]
    first = [("ios", 1), ("android", 1)]
    assert [(it["name"], it["run_attempt"]) for it in every] == first + [
        (name, attempt) for name, attempt, _ in listed
    ]


@pytest.mark.parametrize(("position", "shown"), [("current", 1), ("stale", 0)])
def test_filtered_listings(story: Story, position: str, shown: int) -> None:
    """A filter leaves out the runs of the last hour, or not; without one all are listed."""
    story.switch(filtered_listings=position)
    story.github.validate(REPOSITORY)
    path = f"/repos/{REPOSITORY}/actions/workflows/production-validation.yml/runs"
    token = story.token()
    for query in ("branch=main", "event=workflow_dispatch"):
        listed = story.call("GET", f"{path}?{query}", token=token).json
        assert len(listed["workflow_runs"]) == shown
    assert len(story.call("GET", path, token=token).json["workflow_runs"]) == 1


@pytest.mark.parametrize(("position", "status"), [("hang", "waiting"), ("fail", "completed")])
@pytest.mark.parametrize("how", ["suspend_installation", "delete_installation"])
def test_removed_installation(story: Story, position: str, status: str, how: str) -> None:
    """Jobs that wait for an App which is gone hang, or fail."""
    story.switch(removed_installation=position)
    run_id = waiting(story)
    getattr(story.github, how)(story.installation_id)
    assert story.github.run_view(run_id).status == status


@pytest.mark.parametrize("position", [True, False])
def test_shows_can_admins_bypass(story: Story, position: bool) -> None:
    """Environments have the field, or have not."""
    story.switch(shows_can_admins_bypass=position)
    path = f"/repos/{REPOSITORY}/environments/{ENVIRONMENT}"
    assert ("can_admins_bypass" in story.call("GET", path, token=story.token()).json) is position


@pytest.mark.parametrize(("position", "found"), [(0, 0), (504, 1)])
def test_timed_out_status_code(story: Story, position: int, found: int) -> None:
    """The filter for failures misses a delivery that timed out, or finds it."""
    story.switch(timed_out_status_code=position)
    story.hook.hold = threading.Event()
    story.github.sender.set_timeout(0.05)
    story.github.put_file(REPOSITORY, "a", "b")
    wait_for(lambda: story.github.deliveries()[0].event == "push")
    story.hook.hold.set()
    delivery = story.github.deliveries()[0]
    assert (delivery.status, delivery.status_code) == ("timed out", position)
    path = "/app/hook/deliveries?status=failure"
    assert len(story.call("GET", path, token=story.jwt()).json) == found


@pytest.mark.parametrize("position", ["integration", "App"])
def test_hook_target_type(story: Story, position: str) -> None:
    """The header has the value of the switch."""
    story.switch(hook_target_type=position)
    story.github.put_file(REPOSITORY, "a", "b")
    assert story.github.wait_until_delivered()
    headers = story.hook.received[0].headers
    assert headers["x-github-hook-installation-target-type"] == position
    assert headers["x-github-hook-installation-target-id"] == str(story.app_id)


@pytest.mark.parametrize(("position", "minted"), [("calls", 201), ("tokens", 403)])
def test_ip_allow_list_binds(story: Story, position: str, minted: int) -> None:
    """Calls are stopped in any case, and in one position no token is to be had either."""
    story.switch(ip_allow_list_binds=position)
    token = story.token()
    story.github.set_ip_allow_list(REPOSITORY.partition("/")[0], allows=False)
    installation_id = next(iter(story.github.world.installations))
    path = f"/app/installations/{installation_id}/access_tokens"
    assert story.call("POST", path, token=story.jwt()).status == minted
    refused = story.call("GET", "/installation/repositories", token=token)
    assert refused.status == 403
    assert "has an IP allow list enabled" in refused.json["message"]
