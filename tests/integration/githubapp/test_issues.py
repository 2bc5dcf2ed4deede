"""The client opens, finds and changes issues over HTTP, and maps what GitHub refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.model.github import IssuePage
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.simulator import issues
from gate.simulator.faults import Fault
from gate.simulator.state.accounts import AccountType
from tests.support.github_stage import REPOSITORY, Stage

MARK = "<!-- gate:incident/17 -->"


def always() -> bool:
    """Be in time."""
    return True


def since(stage: Stage) -> datetime:
    """Return a moment before everything."""
    return stage.github.world.now() - timedelta(minutes=5)


def send(stage: Stage, body: str = MARK) -> IssuePage:
    """Open an issue as the App."""
    labels = ["production-validation"]
    return stage.client.issues.send_issue(
        stage.address, title="It is red", body=body, labels=labels, is_timely=always
    )


def test_an_issue_is_opened_and_found_by_its_mark(stage: Stage) -> None:
    """Closed or open; the mark of another incident is none."""
    page = send(stage)
    (issue,) = stage.github.issues_of(REPOSITORY)
    assert (issue.title, issue.body, issue.labels) == (
        "It is red",
        MARK,
        ("production-validation",),
    )
    assert page == IssuePage(1, page.url)
    assert page.url.endswith(f"/{REPOSITORY}/issues/1")
    stage.github.close_issue(REPOSITORY, 1, "carol")
    assert stage.client.issues.read_marked_issue(stage.address, MARK, since(stage)) == page
    other = "<!-- gate:incident/1 -->"
    assert stage.client.issues.read_marked_issue(stage.address, other, since(stage)) is None


def test_the_oldest_of_several_counts(stage: Stage) -> None:
    """Whoever looks twice finds the same one."""
    first, _ = send(stage), send(stage)
    assert stage.client.issues.read_marked_issue(stage.address, MARK, since(stage)) == first


@pytest.mark.parametrize(
    ("author", "kind", "via"),
    [
        ("mallory", "User", None),
        ("mallory", "User", "ours"),
        ("other[bot]", "Bot", None),
        ("other[bot]", "Bot", "other"),
    ],
)
def test_a_copied_mark_is_none(
    stage: Stage, author: str, kind: AccountType, via: str | None
) -> None:
    """Nobody can make the gate take their issue for its own, not even through this App."""
    world = stage.github.world
    ours = world.app()
    other = stage.github.register_app(ours.public_key_pem, "s", None, {}, [], "Other")
    apps = {None: None, "ours": ours.id, "other": other}
    issues.open_issue(
        world,
        world.repository(REPOSITORY),
        world.account(author, kind),
        "Mine",
        body=MARK,
        app_id=apps[via],
    )
    assert stage.client.issues.read_marked_issue(stage.address, MARK, since(stage)) is None


def test_an_issue_is_changed(stage: Stage) -> None:
    """Text and state follow; the same again does nothing."""
    send(stage)
    for _ in range(2):
        stage.client.issues.send_issue_update(
            stage.address, 1, title="Over", body="Done", is_open=False, is_timely=always
        )
    (issue,) = stage.github.issues_of(REPOSITORY)
    assert (issue.title, issue.body, issue.state) == ("Over", "Done", "closed")
    assert issue.state_reason == "completed"
    stage.client.issues.send_issue_update(
        stage.address, 1, title="Again", body="Red", is_open=True, is_timely=always
    )
    (issue,) = stage.github.issues_of(REPOSITORY)
    assert (issue.state, issue.state_reason) == ("open", "reopened")


def test_a_repository_without_issues(stage: Stage) -> None:
    """It has a reason of its own: the installation's permissions are fine."""
    stage.github.enable_issues(REPOSITORY, enabled=False)
    with pytest.raises(Refused) as refused:
        send(stage)
    assert refused.value.reason == "issues_disabled"


def test_a_missing_issue(stage: Stage) -> None:
    """One that was deleted or transferred is not found."""
    with pytest.raises(Refused) as refused:
        stage.client.issues.send_issue_update(
            stage.address, 9, title="x", body="x", is_open=True, is_timely=always
        )
    assert refused.value.reason == "not_found"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=502), OutcomeUnknown),
        (Fault(status=502, apply=True), OutcomeUnknown),
        (Fault(damage="truncate"), OutcomeUnknown),
        (Fault(damage="html"), OutcomeUnknown),
        (Fault(status=403, body='{"message": "Resource not accessible"}'), Refused),
        (Fault(status=429), RetryLater),
        (Fault(status=422), Refused),
    ],
)
def test_faults_of_opening(stage: Stage, fault: Fault, error: type[GateError]) -> None:
    """What may have been applied is unknown; nothing is sent twice here."""
    stage.github.add_fault(replace(fault, path="/issues$", method="POST"))
    with pytest.raises(error):
        send(stage)
    assert len(stage.github.issues_of(REPOSITORY)) == fault.applies
