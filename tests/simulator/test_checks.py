"""Check runs: what an App may say of a commit, and who asks it to say it again."""

from typing import Any

import pytest

from tests.simulator.conftest import REPOSITORY, Answer, Story

PATH = f"/repos/{REPOSITORY}"


def tip(story: Story) -> str:
    """Return the newest commit of the default branch."""
    sha: str = story.call("GET", f"{PATH}/commits", token=story.token()).json[0]["sha"]
    return sha


def create(story: Story, **changes: Any) -> Answer:
    """Create a check run as the App."""
    body = {
        "name": "Deployment Gate policy",
        "head_sha": tip(story),
        "conclusion": "failure",
        "external_id": "7",
        "output": {"title": "1 problem", "summary": "Look", "annotations": [annotation()]},
    }
    return story.call("POST", f"{PATH}/check-runs", body | changes, story.token())


def annotation(**changes: Any) -> dict[str, Any]:
    """Make an annotation of a line."""
    placed = {"path": "a.yml", "start_line": 3, "end_line": 3}
    return placed | {"annotation_level": "failure", "message": "No"} | changes


def test_a_check_run(story: Story) -> None:
    """It is completed when it concludes, can be listed, and everybody who checks hears of it."""
    made = create(story).json
    assert (made["status"], made["output"]["annotations_count"]) == ("completed", 1)
    path = f"{PATH}/commits/{made['head_sha']}/check-runs"
    listed = story.call("GET", f"{path}?app_id={story.app_id}", token=story.token()).json
    assert [it["id"] for it in listed["check_runs"]] == [made["id"]]
    other = story.call("GET", f"{path}?check_name=other", token=story.token()).json
    assert other["total_count"] == 0
    assert len(story.delivered("check_run", "completed")) == 1
    (record,) = story.github.check_runs(REPOSITORY)
    assert record.annotations == (("a.yml", 3, "failure", "No"),)


def test_asking_again(story: Story) -> None:
    """The App is asked for one check, or for its whole suite."""
    made = create(story).json
    story.github.rerequest_check_run(REPOSITORY, made["id"], "developer")
    (asked,) = story.delivered("check_run", "rerequested")
    assert asked["check_run"]["external_id"] == "7"
    story.github.rerequest_check_suite(REPOSITORY, made["id"], "developer")
    (whole,) = story.delivered("check_suite", "rerequested")
    assert whole["check_suite"]["head_sha"] == made["head_sha"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"head_sha": "0" * 40},
        {"conclusion": "fine"},
        {"output": {"summary": "no title"}},
        {"output": {"title": "t", "summary": "s", "annotations": [annotation()] * 51}},
        {"output": {"title": "t", "summary": "x" * 65_536}},
        {
            "output": {
                "title": "t",
                "summary": "s",
                "annotations": [annotation(end_line=4, start_column=1)],
            }
        },
        {"output": {"title": "t", "summary": "s", "annotations": [annotation(start_line=0)]}},
    ],
)
def test_what_is_refused(story: Story, changes: dict[str, Any]) -> None:
    """Nothing is created of what GitHub does not take."""
    assert create(story, **changes).status == 422
    assert story.github.check_runs(REPOSITORY) == []
