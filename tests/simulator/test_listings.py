"""Listings, limits and conditional requests: pages, filters, ETags, renamed repositories."""

import base64
from typing import Any

import pytest

from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story

RUNS = f"/repos/{REPOSITORY}/actions/runs"


def listed(story: Story, query: str = "", path: str = RUNS) -> list[int]:
    """List run ids."""
    answer = story.call("GET", path + query, token=story.token())
    return [each["id"] for each in answer.json["workflow_runs"]]


def test_runs_are_listed_newest_first_in_pages(story: Story) -> None:
    """Pages link to one another, and the total counts all."""
    made = [story.github.start_run(REPOSITORY, "a.yml", silent=True) for _ in range(35)]
    token = story.token()
    first = story.call("GET", RUNS, token=token)
    assert first.json["total_count"] == 35
    assert [each["id"] for each in first.json["workflow_runs"]] == made[:4:-1]
    link = first.headers["link"]
    assert f'<{story.url}{RUNS}?page=2>; rel="next"' in link
    assert 'rel="last"' in link
    second = story.call("GET", f"{RUNS}?page=2", token=token)
    assert len(second.json["workflow_runs"]) == 5
    assert 'rel="prev"' in second.headers["link"]
    assert len(listed(story, "?per_page=500")) == 35


def test_runs_are_filtered(story: Story) -> None:
    """By status or conclusion, branch, event, actor, commit and workflow."""
    github = story.github
    held = github.deploy(REPOSITORY).run_id
    red = github.validate(REPOSITORY, "failure")
    side = github.start_run(
        REPOSITORY, "a.yml", branch="side", sha="f" * 40, event="schedule", actor="erin"
    )
    assert listed(story, "?status=waiting") == [held]
    assert listed(story, "?status=failure") == [red]
    assert listed(story, "?status=completed") == [red]
    assert listed(story, "?branch=side") == [side]
    assert listed(story, "?event=workflow_dispatch") == [red]
    assert listed(story, "?actor=Erin") == [side]
    assert listed(story, f"?head_sha={'f' * 40}") == [side]
    by_file = f"/repos/{REPOSITORY}/actions/workflows/production-validation.yml/runs"
    assert listed(story, "", by_file) == [red]
    assert listed(story, "?status=waiting", by_file) == []
    missing = by_file.replace("production-validation", "no-such")
    assert story.call("GET", missing, token=story.token()).status == 404


def test_runs_are_filtered_by_the_time_they_were_created(story: Story) -> None:
    """`created` takes a bound, a range or a day."""
    old = story.github.start_run(REPOSITORY, "a.yml")
    story.github.advance(3 * 86400)
    new = story.github.start_run(REPOSITORY, "a.yml")
    runs = story.call("GET", RUNS, token=story.token()).json["workflow_runs"]
    at = {each["id"]: each["created_at"] for each in runs}
    day = {run_id: moment[:10] for run_id, moment in at.items()}
    assert listed(story, f"?created=%3E%3D{at[new]}") == [new]
    assert listed(story, f"?created=>{day[old]}") == [new]
    assert listed(story, f"?created=<{day[new]}") == [old]
    assert listed(story, f"?created=<={day[new]}") == [new, old]
    assert listed(story, f"?created={day[old]}..{day[new]}") == [new, old]
    assert listed(story, f"?created=*..{day[old]}") == [old]
    assert listed(story, f"?created={day[new]}") == [new]


def test_a_filtered_listing_ends_at_a_thousand(story: Story) -> None:
    """With any filter at most 1,000 runs are found; without one all are."""
    for _ in range(1001):
        story.github.start_run(REPOSITORY, "a.yml", silent=True)
    token = story.token()
    assert story.call("GET", f"{RUNS}?branch=main", token=token).json["total_count"] == 1000
    assert story.call("GET", RUNS, token=token).json["total_count"] == 1001


def test_what_has_not_changed_is_not_counted(story: Story) -> None:
    """A conditional request gets 304 without a body, and leaves the limit as it was."""
    token = story.token()
    first = story.call("GET", RUNS, token=token)
    tag = first.headers["etag"]
    again = story.call("GET", RUNS, token=token, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    story.github.start_run(REPOSITORY, "a.yml")
    assert story.call("GET", RUNS, token=token, If_None_Match=tag).status == 200


def test_the_primary_limit_holds_for_an_hour(story: Story) -> None:
    """The installation's hour is spent, /rate_limit answers, and after the hour all is well."""
    story.github.set_rate_limit(2, story.installation_id)
    token = story.token()
    assert [story.call("GET", RUNS, token=token).status for _ in range(3)] == [200, 200, 403]
    refused = story.call("GET", RUNS, token=token)
    assert "API rate limit exceeded for installation ID" in refused.json["message"]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["x-ratelimit-reset"]) > 0
    assert story.call("GET", "/rate_limit", token=token).json["rate"]["remaining"] == 0
    assert story.call("GET", "/app", token=story.jwt()).status == 200
    story.github.advance(3601)
    assert story.call("GET", RUNS, token=story.token()).status == 200


def test_the_rest_of_an_hour_can_be_used_up(story: Story) -> None:
    """No call is left until the hour ends, and then a whole hour's."""
    token = story.token()
    story.github.use_up_rate_limit(story.installation_id, 30)
    refused = story.call("GET", RUNS, token=token)
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    story.github.advance(31)
    answer = story.call("GET", RUNS, token=token)
    assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, "4999")


def test_the_limit_can_be_lifted(story: Story) -> None:
    """Enterprise Server has no limit at first, and no headers for one."""
    story.github.set_rate_limit(None)
    token = story.token()
    assert "x-ratelimit-limit" not in story.call("GET", RUNS, token=token).headers
    assert story.call("GET", "/rate_limit", token=token).status == 404


def test_a_renamed_repository_is_redirected(story: Story) -> None:
    """The old name answers 301 with the address by id and the query kept."""
    story.github.rename_repository(REPOSITORY, "web")
    token = story.token()
    moved = story.call("GET", f"{RUNS}?branch=main", token=token)
    address = f"{story.url}/repositories/{story.repository_id}/actions/runs?branch=main"
    assert (moved.status, moved.headers["location"]) == (301, address)
    assert story.call("GET", address.removeprefix(story.url), token=token).status == 200
    assert story.call("GET", "/repos/octo-org/web", token=token).json["name"] == "web"
    installation = story.call("GET", f"/repos/{REPOSITORY}/installation", token=story.jwt())
    assert installation.status == 200


def test_files_are_read_by_branch_and_commit(story: Story) -> None:
    """As base64 JSON or raw, at the default branch, another branch or a commit."""
    first = story.github.put_file(REPOSITORY, ".github/gate.yml", "one: 1")
    story.github.put_file(REPOSITORY, ".github/gate.yml", "two: 2")
    story.github.put_file(REPOSITORY, ".github/gate.yml", "side: 3", branch="side")
    path = f"/repos/{REPOSITORY}/contents/.github/gate.yml"
    token = story.token()

    def read(query: str = "") -> bytes:
        return base64.b64decode(story.call("GET", path + query, token=token).json["content"])

    assert read() == b"two: 2"
    assert read("?ref=side") == b"side: 3"
    assert read("?ref=refs/heads/side") == b"side: 3"
    assert read(f"?ref={first}") == b"one: 1"
    raw = story.call("GET", path, token=token, Accept="application/vnd.github.raw+json")
    assert raw.body == b"two: 2"
    assert story.call("GET", path + "?ref=no-such", token=token).status == 404
    story.github.delete_file(REPOSITORY, ".github/gate.yml")
    assert story.call("GET", path, token=token).status == 404


def test_commits_are_listed_by_the_path_that_they_touched(story: Story) -> None:
    """The newest first, of the default branch or another; one that removed the file counts."""
    path, listing = ".github/gate.yml", f"/repos/{REPOSITORY}/commits"
    first = story.github.put_file(REPOSITORY, path, "one: 1", author="alice")
    story.github.put_file(REPOSITORY, "README.md", "other", author="mallory")
    second = story.github.put_file(REPOSITORY, path, "two: 2", git_name="Bob, elsewhere")
    side = story.github.put_file(REPOSITORY, path, "side: 3", branch="side")
    last = story.github.delete_file(REPOSITORY, path, author="alice")

    def read(query: str = "") -> list[Any]:
        found: list[Any] = story.call("GET", listing + query, token=story.token()).json
        return found

    commits = read(f"?path={path}")
    assert [it["sha"] for it in commits] == [last, second, first]
    assert [it["author"] and it["author"]["login"] for it in commits] == ["alice", None, "alice"]
    assert commits[1]["commit"]["author"]["name"] == "Bob, elsewhere"
    assert [it["sha"] for it in read("?path=.github&per_page=1")] == [last]
    assert [it["sha"] for it in read(f"?path={path}&sha=side")] == [side, second, first]
    assert read("?path=no-such") == []
    assert len(read()) == 5
    assert story.call("GET", listing + "?sha=no-such", token=story.token()).status == 404


def test_a_folder_lists_what_is_right_in_it(story: Story) -> None:
    """Files and folders, without what the files contain; a folder that is not there is 404."""
    for name in ("a.yml", "b.yml", "deep/c.yml"):
        story.github.put_file(REPOSITORY, f".github/workflows/{name}", "on: push")
    path = f"/repos/{REPOSITORY}/contents/.github/workflows"
    listed = story.call("GET", path, token=story.token()).json
    assert [(it["name"], it["type"]) for it in listed] == [
        ("a.yml", "file"),
        ("b.yml", "file"),
        ("deep", "dir"),
    ]
    assert listed[0]["path"] == ".github/workflows/a.yml"
    assert "content" not in listed[0]
    assert story.call("GET", f"{path}/no-such", token=story.token()).status == 404


def test_an_environment_with_a_slash_is_found(story: Story) -> None:
    """The name is one path segment, percent-encoded."""
    story.github.protect_environment(REPOSITORY, "prod/eu")
    path = f"/repos/{REPOSITORY}/environments/prod%2Feu"
    token = story.token()
    assert story.call("GET", path, token=token).json["name"] == "prod/eu"
    rules = story.call("GET", f"{path}/deployment_protection_rules", token=token).json
    assert rules["custom_deployment_protection_rules"][0]["app"]["id"] == story.app_id


@pytest.mark.parametrize(
    ("login", "permission"),
    [("erin", "write"), ("tim", "read"), ("octo-org", "admin"), ("reader", "read")],
)
def test_roles_become_permissions(story: Story, login: str, permission: str) -> None:
    """`maintain` counts as write and `triage` as read."""
    story.github.set_role(REPOSITORY, "erin", "maintain")
    story.github.set_role(REPOSITORY, "tim", "triage")
    story.github.set_role(REPOSITORY, "reader", "read")
    path = f"/repos/{REPOSITORY}/collaborators/{login}/permission"
    assert story.call("GET", path, token=story.token()).json["permission"] == permission


def test_a_stranger_is_no_team_member(story: Story) -> None:
    """404 says that there is no membership; the lack of a permission is 403."""
    story.github.set_team_member("octo-org", "deployers", "Erin", "maintainer")
    path = "/orgs/octo-org/teams/deployers/memberships/"
    found = story.call("GET", path + "erin", token=story.token()).json
    assert (found["state"], found["role"]) == ("active", "maintainer")
    assert story.call("GET", path + "mallory", token=story.token()).status == 404
    blind = story.token(permissions={"actions": "read"})
    assert story.call("GET", path + "erin", token=blind).status == 403


def test_an_unknown_path_is_not_found(story: Story) -> None:
    """So are an unknown method and an id that is no number."""
    token = story.token()
    assert story.call("GET", "/no/such/path", token=token).status == 404
    assert story.call("DELETE", f"/repos/{REPOSITORY}", token=token).status == 404
    assert story.call("GET", f"{RUNS}/nonsense", token=token).status == 404
    assert story.call("GET", f"{RUNS}/1", token=token).status == 404
    assert story.call("GET", f"/repos/{REPOSITORY}/environments/x", token=token).status == 404


def test_an_enterprise_server_has_its_api_below_a_path(story: Story) -> None:
    """With a root of /api/v3 every address has it, and nothing answers beside it."""
    github = SimulatedGitHub(rate_limit=None)
    with serve(github, root="/api/v3") as url:
        assert url.endswith("/api/v3")
        assert story.http.request("GET", f"{url}/meta").status == 200
        assert story.http.request("GET", url.removesuffix("/api/v3") + "/meta").status == 404
        assert github.world.web_url == url.removesuffix("/api/v3")
    assert ENVIRONMENT
