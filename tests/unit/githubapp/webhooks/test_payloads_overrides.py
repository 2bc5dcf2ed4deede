"""Read what overrides come as: reviews and comments, and who said what when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gate.domain.model.deliveries import CommentSeen, NothingSeen, Observation, ReviewSubmitted
from gate.githubapp.webhooks.payloads import PayloadParser
from tests.support.deliveries import API_URL, encode, make_comment, make_review, make_run

PARSER = PayloadParser(API_URL)


def read_review(**changes: Any) -> Observation:
    """Read `deployment_review` with some of it changed."""
    return PARSER.parse("deployment_review", encode(make_review(**changes)))


def read_comment(**changes: Any) -> Observation:
    """Read `issue_comment` with some of the comment changed."""
    return PARSER.parse("issue_comment", encode(make_comment(**changes)))


def test_an_approval() -> None:
    """Its environments are those of its jobs, its time is GitHub's."""
    seen = read_review()
    assert isinstance(seen, ReviewSubmitted)
    assert seen.environments == ("Production-Frontend",)
    assert (seen.reviewer.login, seen.is_person) == ("carol", True)
    assert seen.at == datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
    assert (seen.run_attempt, seen.is_local) == (2, True)


def test_a_review_without_a_time_is_no_younger_than_its_run() -> None:
    """What is not told must not make an old approval look new."""
    seen = read_review(since=None)
    assert isinstance(seen, ReviewSubmitted)
    assert seen.at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [{"action": "rejected"}, {"action": "requested"}, {"approver": None}, {"workflow_run": None}],
)
def test_what_is_no_approval(changes: dict[str, Any]) -> None:
    """A rejection, a request, and a review of nothing tell nothing."""
    assert isinstance(read_review(**changes), NothingSeen)


@pytest.mark.parametrize("head", [None, {"id": 5}])
def test_a_run_from_elsewhere_is_not_local(head: object) -> None:
    """A fork's run, or one whose fork is gone, is not of this repository."""
    seen = read_review(workflow_run=make_run(head_repository=head))
    assert isinstance(seen, ReviewSubmitted)
    assert not seen.is_local


@pytest.mark.parametrize(
    ("changes", "is_person"),
    [
        ({}, True),
        ({"user": {"id": 1, "login": "bot[bot]", "type": "Bot"}}, False),
        ({"performed_via_github_app": {"id": 1}}, False),
    ],
)
def test_who_wrote_a_comment(changes: dict[str, Any], is_person: bool) -> None:
    """Bots, and Apps on behalf of people, are no persons."""
    seen = read_comment(**changes)
    assert isinstance(seen, CommentSeen)
    assert seen.is_person is is_person


@pytest.mark.parametrize(
    ("action", "stands"), [("created", True), ("edited", False), ("deleted", False)]
)
def test_a_comment_stands_as_it_was_written(action: str, stands: bool) -> None:
    """An edited or deleted comment does not stand."""
    seen = read_comment(action=action)
    assert isinstance(seen, CommentSeen)
    assert seen.is_standing is stands


def test_a_comment_of_nobody() -> None:
    """An account that is gone says nothing."""
    assert isinstance(read_comment(user=None), NothingSeen)
