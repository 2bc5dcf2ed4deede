"""The answers for deployments arrive at GitHub, and what it knows of environments is read."""

from __future__ import annotations

import pytest

from gate.domain.model.ids import RunId
from gate.domain.model.request import ReviewState
from gate.errors import Refused
from gate.simulator.faults import Fault
from tests.support.github_stage import (
    ENVIRONMENT,
    ORGANIZATION,
    PERMISSIONS,
    REPOSITORY,
    Stage,
    staged,
)

NO_RUN = RunId(1)


def test_the_rule_is_found_where_it_is_enabled(either: Stage) -> None:
    """An environment may have any name; where our rule is not enabled it is not found."""
    either.github.protect_environment(REPOSITORY, "Staging/EU West?")
    assert either.client.deployments.read_rule_enabled(either.address, "Staging/EU West?") is True
    assert either.client.deployments.read_rule_enabled(either.address, ENVIRONMENT) is True
    assert either.client.deployments.read_rule_enabled(either.address, "nowhere") is False
    either.github.protect_environment(REPOSITORY, "strict", can_admins_bypass=False)
    assert either.client.deployments.read_environments(either.address) == {
        ENVIRONMENT: True,
        "Staging/EU West?": True,
        "strict": False,
    }
    either.github.disable_rule(REPOSITORY, ENVIRONMENT)
    assert either.client.deployments.read_rule_enabled(either.address, ENVIRONMENT) is False


def test_the_rule_of_another_app_is_not_ours() -> None:
    """The App is compared by its id, which is asked for when the client id is configured."""
    with staged(client_id="Iv23liABCDEF") as stage:
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is True
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is True
        assert stage.calls("/app") == 1
        stage.github.disable_rule(REPOSITORY, ENVIRONMENT)
        stage.github.register_app(
            public_key_pem=stage.github.world.app(stage.app_id).public_key_pem,
            webhook_secret="another",
            webhook_url=None,
            permissions=PERMISSIONS,
            events_wanted=[],
            name="Other Gate",
            app_id=7,
        )
        stage.github.create_installation(ORGANIZATION, app_id=7)
        stage.github.protect_environment(REPOSITORY, ENVIRONMENT, app_id=7)
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is False


def test_environments_that_may_not_be_seen_are_not_none(stage: Stage) -> None:
    """A lack of permission is not taken for a repository without environments."""
    body = '{"message": "Resource not accessible by integration"}'
    stage.github.add_fault(Fault("/environments$", status=403, body=body))
    with pytest.raises(Refused) as caught:
        stage.client.deployments.read_environments(stage.address)
    assert caught.value.reason == "permission_missing"


@pytest.mark.parametrize(
    ("state", "conclusion"),
    [(ReviewState.APPROVED, None), (ReviewState.REJECTED, "failure")],
)
def test_an_answer_arrives(either: Stage, state: ReviewState, conclusion: str | None) -> None:
    """What was decided is what GitHub has, comment included."""
    run_id = either.deploy()
    either.client.deployments.send_review(
        either.address, run_id, ENVIRONMENT, state, "because: **it is**", is_timely=lambda: True
    )
    (review,) = either.github.reviews(run_id)
    assert (review.state, review.comment, review.status) == (state, "because: **it is**", 204)
    assert either.client.actions.read_pending_environments(either.address, run_id) == {}
    assert either.github.run_view(run_id).conclusion == conclusion


def test_a_report_answers_nothing(stage: Stage) -> None:
    """After a status report GitHub still waits."""
    run_id = stage.deploy()
    stage.client.deployments.send_report(
        stage.address, run_id, ENVIRONMENT, "on hold", is_timely=lambda: True
    )
    assert [it.state for it in stage.github.reviews(run_id)] == [None]
    assert stage.client.actions.read_pending_environments(stage.address, run_id) == {
        ENVIRONMENT: ENVIRONMENT
    }


def test_a_second_answer_is_told_from_a_first(stage: Stage) -> None:
    """While a reviewer is still awaited, GitHub says that our rule has answered already."""
    stage.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["lisa"])
    run_id = stage.deploy()
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_review(
            stage.address, run_id, ENVIRONMENT, ReviewState.REJECTED, "red", is_timely=lambda: True
        )
    assert caught.value.reason == "already_reviewed"


def test_an_answer_that_nobody_waits_for_is_refused(stage: Stage) -> None:
    """A run that does not wait, or is not there, is named so."""
    validated = RunId(stage.github.validate(REPOSITORY))
    for run_id, reason in [(validated, "nothing_pending"), (NO_RUN, "not_found")]:
        with pytest.raises(Refused) as caught:
            stage.client.deployments.send_review(
                stage.address,
                run_id,
                ENVIRONMENT,
                ReviewState.APPROVED,
                "green",
                is_timely=lambda: True,
            )
        assert caught.value.reason == reason


def test_an_overlong_comment_is_unprocessable(stage: Stage) -> None:
    """GitHub takes 1,024 characters; what it refuses otherwise is no reason to try again."""
    run_id = stage.deploy()
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_report(
            stage.address, run_id, ENVIRONMENT, "x" * 1025, is_timely=lambda: True
        )
    assert caught.value.reason == "unprocessable"
