"""Which ways to override are offered, and which approvals ask for nothing."""

from __future__ import annotations

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.overrides import OverrideChannel, OverrideRoutes
from gate.domain.model.policy.policy import OverridePolicy, UserReviewer, ValidationState
from gate.domain.overrides.rule import held_since, open_routes
from gate.domain.requests.deployment_status import is_own
from tests.support.builders.overrides import make_claim
from tests.support.builders.requests import make_request
from tests.support.builders.runs import make_run

LISTED = OverridePolicy(reviewers=(UserReviewer("mona"),))


@pytest.mark.parametrize(
    ("policy", "review", "environment", "comment"),
    [
        (OverridePolicy(), False, False, False),
        (OverridePolicy(), True, False, True),
        (OverridePolicy(), False, True, True),
        (LISTED, False, False, True),
    ],
)
def test_a_comment_is_a_way_for_reviewers_and_for_those_whom_the_policy_lists(
    policy: OverridePolicy, review: bool, environment: bool, comment: bool
) -> None:
    """Where nobody may override, no way is offered."""
    routes = open_routes(policy, review=review, environment=environment)

    assert routes == OverrideRoutes(review, environment, comment)


@pytest.mark.parametrize(
    ("channel", "rationale", "silent"),
    [
        (OverrideChannel.REVIEW, " ", True),
        (OverrideChannel.REVIEW, "I accept the risk", False),
        (OverrideChannel.COMMENT, " ", False),
    ],
)
def test_an_approval_without_a_word_asks_for_nothing(
    channel: OverrideChannel, rationale: str, silent: bool
) -> None:
    """A review of GitHub's own needs no words; a comment without any is a mistake to name."""
    assert make_claim(channel=channel, rationale=rationale).is_silent_review is silent


def test_a_status_is_known_again_by_the_mark_of_its_request() -> None:
    """Whatever the page before the mark is called by then, and by no other request's mark."""
    request = make_request()

    assert is_own(
        f"https://github.com/acme/renamed/actions/runs/601#gate-request-{request.id}", request
    )
    assert not is_own(f"https://github.com/acme/shop#gate-request-{request.id}1", request)


def test_a_validation_that_waits_for_itself_is_known_since_the_request_waits() -> None:
    """Its own times say nothing: it cannot finish before the request is answered."""
    request = make_request()
    evidence = Evidence(ValidationState.WAITS_FOR_ITSELF, make_run(), "")

    assert held_since(evidence, request) == request.waiting_since
