"""Browsers find a page at the addresses that the API names; programs find what they always did."""

import json
import re
import shlex
from html import unescape
from urllib.parse import unquote, urljoin

import pytest
import requests
import urllib3

from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Answer, Story

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FILE = ".github/deployment-gate.yml"
SECONDS = 10


def look(story: Story, path: str) -> Answer:
    """Open an address in a browser."""
    return story.call("GET", path, accept=BROWSER)


def text_of(story: Story, path: str) -> str:
    """Open an address that has a page, and return the page as a person reads it."""
    answer = look(story, path)
    assert answer.status == 200, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text = answer.body.decode()
    assert "Simulated GitHub." in text
    assert "This page changes nothing." in text
    assert "<script" not in text
    without_style = re.sub("<style>.*?</style>", "", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub("<[^>]*>", " ", without_style)).split())


def commands_of(story: Story, path: str) -> list[list[str]]:
    """List the commands that a page names, as a shell splits them."""
    answer = look(story, path).body.decode()
    return [shlex.split(unescape(it)) for it in re.findall("<pre>(curl .*)</pre>", answer)]


def run_command(command: list[str]) -> int:
    """Run a command that a page names, and return the status of the answer."""
    curl, url, option, body = command
    assert (curl, option) == ("curl", "-d")
    return requests.post(url, json=json.loads(body), timeout=SECONDS).status_code


def test_a_run_shows_its_attempts_and_what_it_waits_for(story: Story) -> None:
    """Status, conclusion, attempts, jobs and pending deployments, as the API has them."""
    red = story.github.validate(REPOSITORY, "failure", jobs={"checkout": "failure"})
    assert story.github.rerun(red) == 2
    text = text_of(story, f"/{REPOSITORY}/actions/runs/{red}")
    assert f"Workflow run {red}" in text
    assert "Attempt 1 failure Attempt 2 queued" in text
    assert "Conclusion none yet Attempt 2 of 2" in text
    first = text_of(story, f"/{REPOSITORY}/actions/runs/{red}/attempts/1")
    assert f"Workflow run {red}, attempt 1" in first
    assert "Conclusion failure Attempt 1 of 2" in first
    assert "Jobs checkout failure" in first

    held = story.github.deploy(REPOSITORY)
    text = text_of(story, f"/{REPOSITORY}/actions/runs/{held.run_id}")
    slug = story.github.world.app().slug
    assert f"Pending deployments {ENVIRONMENT} waits for the App {slug}" in text
    job = text_of(story, f"/{REPOSITORY}/actions/runs/{held.run_id}/job/{held.job_id}")
    assert f"Status waiting Conclusion none yet Environment {ENVIRONMENT}" in job
    assert f"run {held.run_id}" in text_of(story, f"/{REPOSITORY}/deployments")


def test_a_reviewer_and_a_timer_are_named_too(story: Story) -> None:
    """A job may wait for several at once; what was answered is below."""
    story.github.protect_environment(REPOSITORY, "override", reviewers=["carol"], wait_minutes=5)
    run_id = story.github.deploy(REPOSITORY, "override").run_id
    page = f"/{REPOSITORY}/actions/runs/{run_id}"
    text = text_of(story, page)
    assert "a required reviewer, its timer, until 2" in text
    (review,) = (it for it in commands_of(story, page) if "/review_as" in it[1])
    assert run_command(review) == 200
    assert "Review by carol: approved Environment override" in text_of(story, page)


@pytest.mark.parametrize("conclusion", ["failure", None])
def test_the_command_on_a_page_does_what_the_button_does(
    story: Story, conclusion: str | None
) -> None:
    """Each command can be pasted as it is."""
    run_id = story.github.start_run(REPOSITORY, "production-validation.yml")
    story.github.progress_run(run_id)
    if conclusion is not None:
        story.github.complete_run(run_id, conclusion)
    before = story.github.run_view(run_id)
    command = commands_of(story, f"/{REPOSITORY}/actions/runs/{run_id}")[0]
    assert run_command(command) == 200
    assert story.github.run_view(run_id) != before


def test_an_issue_shows_its_text_and_its_comments_as_text(story: Story) -> None:
    """Markup in them is shown and not obeyed; the anchors are GitHub's."""
    bad = "<script>alert(1)</script> **bold** & more"
    number = story.github.open_issue(REPOSITORY, bad, "mallory", bad)
    comment = story.github.comment_on_issue(REPOSITORY, number, "mallory", bad)
    page = f"/{REPOSITORY}/issues/{number}"
    raw = look(story, page).body.decode()
    text = text_of(story, page)
    assert f'id="issuecomment-{comment}"' in raw
    assert text.count(bad) == 3
    assert "State open" in text
    assert [run_command(it) for it in commands_of(story, page)] == [200]
    assert "/ack" in text_of(story, page)
    assert bad in text_of(story, f"/{REPOSITORY}/issues")


def test_a_file_a_commit_and_a_history_are_found_by_any_name(story: Story) -> None:
    """By HEAD, by a branch with a slash and by a commit."""
    sha = story.github.put_file(REPOSITORY, FILE, "version: 1 # <b>", branch="fix/policy")
    for ref in (sha, "fix/policy"):
        assert "version: 1 # <b>" in text_of(story, f"/{REPOSITORY}/blob/{ref}/{FILE}")
    assert look(story, f"/{REPOSITORY}/blob/HEAD/{FILE}").status == 404
    assert look(story, f"/{REPOSITORY}/commits/HEAD/{FILE}").status == 404
    assert f"Added {FILE}" in text_of(story, f"/{REPOSITORY}/commit/{sha}")
    assert "Change files" in text_of(story, f"/{REPOSITORY}/commits/fix/policy/{FILE}")
    story.github.validate(REPOSITORY)
    workflow = ".github/workflows/production-validation.yml"
    assert "knows no text" in text_of(story, f"/{REPOSITORY}/blob/HEAD/{workflow}")
    text_of(story, f"/{REPOSITORY}/actions/workflows/production-validation.yml")


def test_every_link_of_a_page_leads_to_another(story: Story) -> None:
    """From the front page, all of them are reached."""
    story.github.put_file(REPOSITORY, FILE, "version: 1")
    story.github.open_issue(REPOSITORY, "An issue")
    run_id = story.github.deploy(REPOSITORY).run_id
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            text_of(story, path)
            found = re.findall('href="(/[^"]*)"', look(story, path).body.decode())
            waiting += map(unescape, found)
    assert f"/{REPOSITORY}/actions/runs/{run_id}/attempts/1" in seen
    assert f"/{REPOSITORY}/issues/1" in seen
    assert "/developer" in map(unquote, seen)


def test_a_former_name_of_a_repository_leads_to_it(story: Story) -> None:
    """As on GitHub."""
    story.github.rename_repository(REPOSITORY, "web")
    assert "octo-org/web" in text_of(story, f"/{REPOSITORY}")


@pytest.mark.parametrize(
    "path",
    [
        "/nobody",
        "/octo-org/nothing",
        f"/{REPOSITORY}/nothing",
        f"/{REPOSITORY}/actions/runs/1",
        f"/{REPOSITORY}/actions/runs/1/attempts/1",
        f"/{REPOSITORY}/actions/runs/1/job/1",
        f"/{REPOSITORY}/actions/runs/{10**18}",
        f"/{REPOSITORY}/actions/workflows/none.yml",
        f"/{REPOSITORY}/issues/1",
        f"/{REPOSITORY}/issues/%D9%A1",
        f"/{REPOSITORY}/commit/{'0' * 40}",
        f"/{REPOSITORY}/blob/main/nothing.yml",
        f"/{REPOSITORY}/blob/HEAD",
        f"/{REPOSITORY}/%3Cscript%3E",
    ],
)
def test_what_does_not_exist_has_a_page_that_says_so(story: Story, path: str) -> None:
    """With status 404, and nothing of the address in it."""
    answer = look(story, path)
    assert answer.status == 404
    assert b"The simulation knows nothing at this address." in answer.body
    assert b"<script" not in answer.body


def test_a_run_of_another_repository_is_not_found(story: Story) -> None:
    """Nor are its jobs."""
    story.github.create_repository("octo-org/other", story.installation_id)
    held = story.github.deploy(REPOSITORY)
    page = f"/octo-org/other/actions/runs/{held.run_id}"
    assert [look(story, it).status for it in (page, f"{page}/job/{held.job_id}")] == [404, 404]


@pytest.mark.parametrize("accept", ["application/vnd.github+json", "application/json", "*/*"])
def test_programs_get_what_they_always_got(story: Story, accept: str) -> None:
    """A page is for those who name HTML, and not at an address of the API."""
    run_id = story.github.validate(REPOSITORY)
    answer = story.call("GET", f"/{REPOSITORY}/actions/runs/{run_id}", accept=accept)
    assert (answer.status, answer.json["message"]) == (404, "Not Found")
    api = f"/repos/{REPOSITORY}/actions/runs/{run_id}"
    token = story.token()
    assert story.call("GET", api, token=token, accept=BROWSER).json["id"] == run_id
    assert look(story, api).json["message"] == "Requires authentication"
    assert story.call("POST", f"/{REPOSITORY}", accept=BROWSER).json["message"] == "Not Found"


def test_pages_of_an_enterprise_server_are_beside_its_api() -> None:
    """Its API root has a path, its pages do not."""
    with serve(SimulatedGitHub(), root="/api/v3") as url, urllib3.PoolManager() as http:
        page = http.request("GET", urljoin(url, "/"), headers={"Accept": BROWSER})
        assert b"The front page" in page.data
        below = http.request("GET", f"{url}/nothing", headers={"Accept": BROWSER})
        assert below.json()["message"] == "Not Found"
        assert http.request("GET", urljoin(url, "/nothing")).status == 404
