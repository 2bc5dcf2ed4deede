"""Read what somebody did to an issue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gate.domain.model.deliveries import IssueChange, IssueChanged, NothingSeen, Observation
from gate.githubapp.webhooks.payloads import PayloadParser
from tests.support.deliveries import API_URL, encode, make_issue_change

PARSER = PayloadParser(API_URL)
CAROL = {"id": 583_233, "login": "carol", "type": "User"}


def read(**changes: Any) -> Observation:
    """Read `issues` with some of it changed."""
    return PARSER.parse("issues", encode(make_issue_change(**changes)))


def test_an_assignment() -> None:
    """Who assigned and who was assigned are two people."""
    seen = read()
    assert isinstance(seen, IssueChanged)
    assert (seen.change, seen.issue_number) == (IssueChange.ASSIGNED, 7)
    assert (seen.by.login, seen.is_person) == ("carol", True)
    assert seen.assignee is not None
    assert seen.assignee.login == "dave"
    assert seen.at == datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("action", ["closed", "reopened"])
def test_closing_and_reopening(action: str) -> None:
    """They name nobody but who did it."""
    seen = read(action=action, assignee=None)
    assert isinstance(seen, IssueChanged)
    assert (seen.change, seen.assignee) == (action, None)


def test_a_bot_is_no_person() -> None:
    """What our own App does comes back, too."""
    seen = read(sender={"id": 1, "login": "deployment-gate[bot]", "type": "Bot"})
    assert isinstance(seen, IssueChanged)
    assert not seen.is_person


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "opened"},
        {"action": "edited"},
        {"action": "labeled"},
        {"action": "unassigned"},
        {"action": "deleted"},
        {"sender": None},
    ],
)
def test_what_tells_nothing(changes: dict[str, Any]) -> None:
    """What else happens to an issue changes no incident."""
    assert isinstance(read(**changes), NothingSeen)
