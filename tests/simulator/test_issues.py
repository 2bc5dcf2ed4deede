"""Issues by an App and by people: what is filtered, who hears of it, and what is refused."""

from typing import Any

import pytest

from tests.simulator.conftest import REPOSITORY, Answer, Story

PATH = f"/repos/{REPOSITORY}/issues"
BOT = "deployment-gate[bot]"


def create(story: Story, **changes: Any) -> Answer:
    """Create an issue as the App."""
    return story.call("POST", PATH, {"title": "It is red"} | changes, story.token())


def numbers(story: Story, query: str = "") -> list[int]:
    """List the numbers of issues."""
    return [it["number"] for it in story.call("GET", PATH + query, token=story.token()).json]


def test_an_issue_of_an_app(story: Story) -> None:
    """It is the bot's, says through which App it was opened, and has its labels."""
    made = create(story, body="Details", labels=["production-validation", "urgent"]).json
    assert (made["user"]["login"], made["user"]["type"]) == (BOT, "Bot")
    assert made["performed_via_github_app"]["id"] == story.app_id
    assert [label["name"] for label in made["labels"]] == ["production-validation", "urgent"]
    assert story.call("GET", f"{PATH}/{made['number']}", token=story.token()).json == made
    assert [it["issue"]["id"] for it in story.delivered("issues", "opened")] == [made["id"]]
    assert len(story.delivered("issues", "labeled")) == 2


def test_listing(story: Story) -> None:
    """Open ones unless asked, by label, state and creator, the newest first."""
    story.github.open_issue(REPOSITORY, "A person's", author="carol")
    create(story, labels=["red", "Blue"])
    create(story, labels=["red"])
    story.github.close_issue(REPOSITORY, 3, "carol")
    assert numbers(story) == [2, 1]
    assert numbers(story, "?state=all") == [3, 2, 1]
    assert numbers(story, "?state=closed") == [3]
    assert numbers(story, "?state=all&labels=RED") == [3, 2]
    assert numbers(story, "?state=all&labels=red,blue") == [2]
    assert numbers(story, "?state=all&creator=carol") == [1]
    assert numbers(story, f"?state=all&creator={BOT}") == [3, 2]
    assert numbers(story, "?state=all&per_page=2&page=2") == [1]


def test_listing_since(story: Story) -> None:
    """Only what was changed since."""
    create(story)
    story.github.advance(3600)
    since = f"{story.github.world.now():%Y-%m-%dT%H:%M:%SZ}"
    create(story)
    assert numbers(story, f"?since={since}") == [2]


def test_closing_and_reopening(story: Story) -> None:
    """Both are announced once, with who did it; doing it twice changes nothing."""
    number = create(story).json["number"]
    path, token = f"{PATH}/{number}", story.token()
    story.call("PATCH", path, {"state": "closed"}, token)
    closed = story.call("PATCH", path, {"state": "closed"}, token).json
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    assert closed["closed_by"]["login"] == BOT
    for _ in range(2):
        story.github.reopen_issue(REPOSITORY, number, "carol")
    shown = story.call("GET", path, token=token).json
    assert (shown["state"], shown["state_reason"], shown["closed_at"]) == ("open", "reopened", None)
    assert [it["sender"]["login"] for it in story.delivered("issues", "closed")] == [BOT]
    assert [it["sender"]["login"] for it in story.delivered("issues", "reopened")] == ["carol"]


def test_assigning(story: Story) -> None:
    """The event names who was assigned and, as its sender, by whom."""
    number = create(story).json["number"]
    story.github.assign_issue(REPOSITORY, number, "carol", "dave")
    (payload,) = story.delivered("issues", "assigned")
    assert payload["assignee"]["login"] == payload["issue"]["assignee"]["login"] == "dave"
    assert payload["sender"]["login"] == "carol"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"title": ""}, 422),
        ({"title": "x" * 257}, 422),
        ({"body": "x" * 65_537}, 422),
        ({"body": "x" * 65_536}, 201),
        ({"labels": ["x" * 51]}, 422),
        ({"labels": "red"}, 422),
    ],
)
def test_limits(story: Story, changes: dict[str, Any], status: int) -> None:
    """What is too long or of another type is refused."""
    assert create(story, **changes).status == status


@pytest.mark.parametrize("changes", [{"state": "done"}, {"state_reason": "bored"}])
def test_refused_changes(story: Story, changes: dict[str, str]) -> None:
    """An issue is open or closed, for a reason that GitHub knows."""
    number = create(story).json["number"]
    assert story.call("PATCH", f"{PATH}/{number}", changes, story.token()).status == 422


def test_disabled_issues(story: Story) -> None:
    """A repository without issues answers 410, and says so in its description."""
    story.github.enable_issues(REPOSITORY, enabled=False)
    assert create(story).status == 410
    assert story.call("GET", PATH, token=story.token()).status == 410
    shown = story.call("GET", f"/repos/{REPOSITORY}", token=story.token()).json
    assert shown["has_issues"] is False
    story.github.enable_issues(REPOSITORY, enabled=True)
    assert create(story).status == 201


def test_permission(story: Story) -> None:
    """Without `issues: write` nothing is created or changed."""
    number = create(story).json["number"]
    token = story.token(permissions={"issues": "read"})
    assert story.call("POST", PATH, {"title": "x"}, token).status == 403
    assert story.call("PATCH", f"{PATH}/{number}", {"body": "x"}, token).status == 403
    assert story.call("GET", f"{PATH}/{number}", token=token).status == 200
    assert story.call("GET", f"{PATH}/999", token=token).status == 404
