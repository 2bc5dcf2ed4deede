"""Pull requests: what is announced of them, and how their commits are read."""

from base64 import b64decode

from tests.simulator.conftest import REPOSITORY, Story

PATH = f"/repos/{REPOSITORY}"
FILE = "policy.yml"


def test_a_pull_request_of_a_branch(story: Story) -> None:
    """A push to its branch moves its head, whoever pushes."""
    number = story.github.open_pull_request(REPOSITORY, {FILE: "one"})
    (opened,) = story.delivered("pull_request", "opened")
    first = opened["pull_request"]["head"]["sha"]
    story.github.put_file(REPOSITORY, FILE, "two", branch="change")
    (moved,) = story.delivered("pull_request", "synchronize")
    second = moved["after"]
    assert (moved["before"], moved["number"]) == (first, number)
    shown = story.call("GET", f"{PATH}/pulls/{number}", token=story.token()).json
    assert shown["head"]["sha"] == second
    assert shown["head"]["repo"]["full_name"] == REPOSITORY
    assert story.call("GET", f"{PATH}/pulls/99", token=story.token()).status == 404


def test_a_pull_request_of_a_fork(story: Story) -> None:
    """Its commits are read by their SHA, although no branch here has them."""
    number = story.github.open_pull_request(REPOSITORY, {FILE: "one"}, fork="eve/frontend")
    sha = story.github.push_to_pull_request(REPOSITORY, number, {FILE: "two"})
    shown = story.call("GET", f"{PATH}/pulls/{number}", token=story.token()).json
    assert shown["head"]["label"] == "eve:change"
    path = f"{PATH}/contents/{FILE}?ref="
    content = story.call("GET", path + sha, token=story.token()).json["content"]
    assert b64decode(content) == b"two"
    assert story.call("GET", path + "change", token=story.token()).status == 404
    assert not [it for it in story.delivered("push") if it["ref"] == "refs/heads/change"]


def test_where_two_branches_parted(story: Story) -> None:
    """Comparing names the commit that both have, however far the base has gone since."""
    story.github.open_pull_request(REPOSITORY, {FILE: "one"})
    (opened,) = story.delivered("pull_request", "opened")
    pull = opened["pull_request"]
    story.github.put_file(REPOSITORY, "README.md", "more")
    path = f"{PATH}/compare/main...{pull['head']['sha']}"
    compared = story.call("GET", path, token=story.token()).json
    assert compared["merge_base_commit"]["sha"] == pull["base"]["sha"]
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)


def test_merging_and_retargeting(story: Story) -> None:
    """Both are announced, and a merge is a push."""
    story.github.put_file(REPOSITORY, "README.md", "older", branch="older")
    number = story.github.open_pull_request(REPOSITORY, {FILE: "one"})
    story.github.retarget_pull_request(REPOSITORY, number, "older")
    (edited,) = story.delivered("pull_request", "edited")
    assert edited["changes"]["base"]["ref"]["from"] == "main"
    story.github.retarget_pull_request(REPOSITORY, number, "main")
    story.github.merge_pull_request(REPOSITORY, number, "maintainer")
    (closed,) = story.delivered("pull_request", "closed")
    assert closed["pull_request"]["merged"]
    assert story.delivered("push")[-1]["ref"] == "refs/heads/main"
