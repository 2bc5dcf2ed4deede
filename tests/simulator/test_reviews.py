"""Reviewing a run's gates: what passes, and each refusal with its text."""

import dataclasses
import threading
from typing import Any

import pytest

from gate.simulator.actions.reviews import ALREADY_REVIEWED, CONCURRENT, NOTHING_PENDING
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, KeyPair, Story
from tests.support.webhook_receiver import wait_for


def waiting(story: Story, **more: Any) -> int:
    """Start a run that waits at the environment."""
    return story.github.deploy(REPOSITORY, **more).run_id


def test_an_approval_lets_the_job_go_on(story: Story) -> None:
    """A decision is answered 204; the job runs and its deployment says so."""
    run_id = waiting(story)
    before = story.github.run_view(run_id)
    assert (before.status, before.jobs[0].deployment_states) == ("waiting", ("waiting",))
    assert story.review(run_id, "approved", "green").status == 204
    after = story.github.run_view(run_id)
    assert after.status == after.jobs[0].status == "in_progress"
    assert after.jobs[0].deployment_states == ("waiting", "queued", "in_progress")
    story.github.finish_job(run_id)
    ended = story.github.run_view(run_id)
    assert (ended.status, ended.conclusion) == ("completed", "success")
    assert ended.jobs[0].deployment_states[-1] == "success"


def test_a_rejection_is_the_end_of_the_attempt(story: Story) -> None:
    """The job and the run fail, and nothing is pending any more."""
    run_id = waiting(story)
    assert story.review(run_id, "rejected", "red").status == 204
    view = story.github.run_view(run_id)
    assert (view.conclusion, view.jobs[0].conclusion) == ("failure", "failure")
    assert view.jobs[0].deployment_states == ("waiting", "failure")
    again = story.review(run_id, "approved")
    assert (again.status, again.json["message"]) == (422, NOTHING_PENDING)


def test_one_decision_covers_every_job_that_waits(story: Story) -> None:
    """Matrix jobs ask one by one, a decision names only run and environment."""
    run_id = waiting(story, jobs=["deploy (eu)", "deploy (us)"])
    assert len(story.delivered("deployment_protection_rule")) == 2
    assert story.review(run_id, "approved").status == 204
    assert {job.status for job in story.github.run_view(run_id).jobs} == {"in_progress"}


def test_environment_names_have_no_case(story: Story) -> None:
    """A review may spell the environment in any case."""
    run_id = waiting(story)
    assert story.review(run_id, "approved", environment=ENVIRONMENT.upper()).status == 204


def test_nothing_pending_is_said_before_and_after(story: Story) -> None:
    """A run that waits for nothing is refused with the text clients know."""
    run_id = story.github.start_run(REPOSITORY, "deploy-frontend.yml")
    for _ in range(2):
        answer = story.review(run_id, "approved")
        assert answer.status == 422
        assert answer.json["message"] == NOTHING_PENDING
        assert answer.json["errors"] == [NOTHING_PENDING]


def test_a_second_review_while_others_are_awaited(story: Story) -> None:
    """When a reviewer is still awaited, our repeated review "has already been reviewed"."""
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = waiting(story)
    assert story.review(run_id, "approved").status == 204
    assert story.github.run_view(run_id).status == "waiting"
    assert story.review(run_id, "approved").json["message"] == ALREADY_REVIEWED
    story.github.review_as("carol", run_id, ENVIRONMENT, comment="fine")
    assert story.github.run_view(run_id).status == "in_progress"


def test_reviews_that_overlap_conflict(story: Story) -> None:
    """A review that arrives before another is answered has "a problem"."""
    run_id = waiting(story)
    token = story.token()
    story.github.set_latency(0.5)
    connection = story.http.connection_from_url(story.url)
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}/deployment_protection_rule"
    body = {"environment_name": ENVIRONMENT, "state": "approved"}
    headers = {"Authorization": f"Bearer {token}"}
    first = threading.Thread(
        target=lambda: connection.request("POST", path, json=body, headers=headers)
    )
    first.start()
    wait_for(lambda: story.github.reviews(run_id))
    assert story.review(run_id, "approved", token=token).json["message"] == CONCURRENT
    first.join()
    assert story.review(run_id, "approved", token=token).json["message"] == NOTHING_PENDING


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "approved"},
        {"environment_name": ENVIRONMENT},
        {"environment_name": ENVIRONMENT, "state": "maybe", "comment": "x"},
        {"environment_name": ENVIRONMENT, "comment": 1},
        {"environment_name": 1, "state": "approved"},
    ],
)
def test_a_malformed_review_fails_validation(story: Story, body: dict[str, Any]) -> None:
    """Neither a decision nor a report: 422 with the field."""
    path = f"/repos/{REPOSITORY}/actions/runs/{waiting(story)}/deployment_protection_rule"
    answer = story.call("POST", path, body, story.token())
    assert (answer.status, answer.json["message"]) == (422, "Validation Failed")
    assert answer.json["errors"][0]["field"] in ("environment_name", "state", "comment")


def test_what_is_not_json_is_a_bad_request(story: Story) -> None:
    """A body that does not parse gets 400."""
    path = f"{story.url}/repos/{REPOSITORY}/actions/runs/1/deployment_protection_rule"
    path = path.replace("/1/", f"/{waiting(story)}/")
    headers = {"Authorization": f"Bearer {story.token()}"}
    assert story.http.request("POST", path, body=b"{", headers=headers).status == 400


def test_reports_decide_nothing(story: Story) -> None:
    """A status report leaves the job waiting and appears in the history as pending."""
    run_id = waiting(story)
    assert story.review(run_id, comment="**held**: validation is red").status == 204
    assert story.github.run_view(run_id).status == "waiting"
    assert story.approvals(run_id) == [
        ("pending", "deployment-gate[bot]", "**held**: validation is red")
    ]


def test_ten_reports_and_no_more(story: Story) -> None:
    """The eleventh report on a deployment is refused; a decision still passes."""
    run_id, token = waiting(story), story.token()
    answers = [story.review(run_id, comment=f"{n}", token=token).status for n in range(11)]
    assert answers == [204] * 10 + [422]
    assert story.review(run_id, "approved").status == 204


@pytest.mark.parametrize("state", [None, "approved"])
def test_a_comment_has_1024_characters_at_most(story: Story, state: str | None) -> None:
    """Characters count, not bytes: 1,024 umlauts pass and one more does not."""
    run_id = waiting(story)
    assert story.review(run_id, state, "ü" * 1025).status == 422
    assert story.review(run_id, state, "ü" * 1024).status == 204


def test_an_unknown_run_is_not_found(story: Story) -> None:
    """So is a run of another repository."""
    other = story.github.create_repository("octo-org/other", story.installation_id)
    foreign = story.github.start_run("octo-org/other", "deploy.yml")
    assert other
    assert story.review(99, "approved").status == 404
    assert story.review(foreign, "approved").status == 404


def test_reviewing_needs_deployments_write(story: Story) -> None:
    """Read is not enough."""
    run_id = waiting(story)
    token = story.token(permissions={"deployments": "read"})
    answer = story.review(run_id, "approved", token=token)
    assert answer.status == 403
    assert answer.headers["x-accepted-github-permissions"] == "deployments=write"
    assert story.review(run_id, "approved", token=story.jwt()).status == 403


def test_an_app_reviews_its_own_rule_alone(story: Story, other_keys: KeyPair) -> None:
    """Two Apps on one environment: each answers for itself, both have to pass."""
    other = story.github.register_app(
        other_keys.public,
        "s",
        None,
        {"deployments": "write"},
        ["deployment_protection_rule"],
        "Other",
    )
    theirs = story.github.create_installation("octo-org", app_id=other)
    story.github.add_repository(theirs, REPOSITORY)
    run_id = waiting(story)
    stranger = dataclasses.replace(story, app_id=other, keys=other_keys, installation_id=theirs)
    assert stranger.review(run_id, "approved").status == 422
    story.github.cancel_run(run_id)
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, app_id=other)
    run_id = waiting(story)
    assert stranger.review(run_id, "approved").status == 204
    assert story.github.run_view(run_id).jobs[0].waits_for_apps == (story.app_id,)
    assert story.review(run_id, "approved").status == 204
    assert story.github.run_view(run_id).status == "in_progress"


def test_reviews_are_written_down(story: Story) -> None:
    """Decisions and reports can be read back, with what they were answered."""
    run_id = waiting(story)
    story.review(run_id, comment="held")
    story.review(run_id, "approved", "green")
    story.review(run_id, "approved", "green")
    listed = [(each.state, each.comment, each.status) for each in story.github.reviews(run_id)]
    assert listed == [(None, "held", 204), ("approved", "green", 204), ("approved", "green", 422)]
    totals = story.github.totals()
    assert (totals.decisions, totals.reports, totals.refused_reviews) == (1, 1, 1)


def test_pending_deployments_do_not_say_which_rule_is_open(story: Story) -> None:
    """An environment is listed once, with its reviewers, until it waits no more."""
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = waiting(story, jobs=["a", "b"])
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}/pending_deployments"
    (pending,) = story.call("GET", path, token=story.token()).json
    assert pending["environment"]["name"] == ENVIRONMENT
    assert pending["reviewers"][0]["reviewer"]["login"] == "carol"
    story.github.set_role(REPOSITORY, "root", "admin")
    story.github.bypass("root", run_id, ENVIRONMENT)
    assert story.call("GET", path, token=story.token()).json == []
