"""Every position of the switches about reviews, reports and approvals."""

from datetime import datetime, timedelta

import pytest

from gate.simulator.actions.reviews import NOTHING_PENDING
from gate.simulator.errors import Impossible
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story
from tests.simulator.gated_runs import reports, waiting


@pytest.mark.parametrize(("per", "first"), [("deployment", 204), ("run_environment", 422)])
def test_report_budget_per(story: Story, per: str, first: int) -> None:
    """After a re-run the ten reports are there again, or spent."""
    story.switch(report_budget_per=per)
    run_id = waiting(story)
    assert reports(story, run_id, 10) == [204] * 10
    story.review(run_id, "rejected")
    story.github.rerun(run_id)
    story.github.reach_environment(run_id, ENVIRONMENT)
    assert reports(story, run_id, 1) == [first]


@pytest.mark.parametrize(("position", "asked"), [("fails", []), ("asks", [None])])
def test_job_without_deployment(story: Story, position: str, asked: list[None]) -> None:
    """A gated job with `deployment: false` fails at once, or an App is asked of no deployment."""
    story.switch(job_without_deployment=position)
    run_id = story.github.start_run(REPOSITORY, "deploy-frontend.yml")
    story.github.use_environment(run_id, ENVIRONMENT)
    told = story.delivered("deployment_protection_rule")
    assert [it.get("deployment") for it in told] == asked
    assert (story.github.run_view(run_id).conclusion == "failure") is not bool(asked)
    assert story.github.run_view(run_id).jobs[0].deployment_id is None


@pytest.mark.parametrize(("position", "status"), [("unprocessable", 422), ("ignored", 204)])
def test_eleventh_report(story: Story, position: str, status: int) -> None:
    """It is refused, or accepted and shown nowhere."""
    story.switch(eleventh_report=position)
    run_id = waiting(story)
    assert reports(story, run_id, 11)[-1] == status
    assert len(story.approvals(run_id)) == 10


@pytest.mark.parametrize(
    ("position", "status", "kept"), [("unprocessable", 422, []), ("truncated", 204, [1024])]
)
def test_overlong_comment(story: Story, position: str, status: int, kept: list[int]) -> None:
    """It is refused, or cut."""
    story.switch(overlong_comment=position)
    run_id = waiting(story)
    assert story.review(run_id, comment="x" * 2000).status == status
    assert [len(comment) for _, _, comment in story.approvals(run_id)] == kept


@pytest.mark.parametrize(("position", "status"), [(True, 422), (False, 204)])
def test_decision_comment_limited(story: Story, position: bool, status: int) -> None:
    """The limit of reports binds decisions, or does not."""
    story.switch(decision_comment_limited=position)
    assert story.review(waiting(story), "approved", "x" * 2000).status == status


@pytest.mark.parametrize(
    ("position", "message"),
    [("nothing_pending", NOTHING_PENDING), ("not_found", "Could not find environment mars")],
)
def test_unknown_environment(story: Story, position: str, message: str) -> None:
    """It is 422 either way, with one text or another."""
    story.switch(unknown_environment=position)
    answer = story.review(waiting(story), "approved", environment="mars")
    assert (answer.status, answer.json["message"]) == (422, message)


@pytest.mark.parametrize(
    ("position", "review", "rules"), [("any_case", 204, 200), ("exact", 422, 404)]
)
def test_environment_spelling(story: Story, position: str, review: int, rules: int) -> None:
    """Another spelling than that of the environment is taken, or unknown."""
    story.switch(environment_spelling=position)
    run_id = waiting(story)
    for spelled, expected in ((ENVIRONMENT.upper(), rules), (ENVIRONMENT, 200)):
        path = f"/repos/{REPOSITORY}/environments/{spelled}/deployment_protection_rules"
        assert story.call("GET", path, token=story.token()).status == expected
    assert story.review(run_id, "approved", environment=ENVIRONMENT.upper()).status == review


@pytest.mark.parametrize("position", [True, False])
def test_concurrent_reviews_conflict(story: Story, position: bool) -> None:
    """Within the time of an answer a second review is "a problem", or merely late."""
    story.switch(concurrent_reviews_conflict=position)
    run_id = waiting(story)
    token = story.token()
    story.github.set_latency(0.2)
    assert story.review(run_id, "approved", token=token).status == 204
    # The window opens when the effect is there and closes with the answer: look into it.
    windows = story.github.world.review_windows
    for key in windows:
        windows[key] += 60
    conflict = "problem" in story.review(run_id, "approved", token=token).json["message"]
    assert conflict is position


@pytest.mark.parametrize(("position", "asked"), [(False, 2), (True, 1)])
def test_approval_covers_later_jobs(story: Story, position: bool, asked: int) -> None:
    """A job that comes after the approval asks, or passes."""
    story.switch(approval_covers_later_jobs=position)
    run_id = waiting(story)
    story.review(run_id, "approved")
    later = story.github.reach_environment(run_id, ENVIRONMENT, "later")
    assert later.waiting is not position
    assert len(story.delivered("deployment_protection_rule")) == asked


@pytest.mark.parametrize("position", [True, False])
def test_rerun_asks_again(story: Story, position: bool) -> None:
    """A re-run of an approved deployment asks, or passes."""
    story.switch(rerun_asks_again=position)
    run_id = waiting(story)
    story.review(run_id, "approved")
    story.github.finish_job(run_id, "deploy", "failure")
    story.github.rerun(run_id)
    assert story.github.reach_environment(run_id, ENVIRONMENT).waiting is position


@pytest.mark.parametrize("position", [False, True])
def test_own_decision_sends_deployment_review(story: Story, position: bool) -> None:
    """Our own decision comes back as `deployment_review`, or does not."""
    story.switch(own_decision_sends_deployment_review=position)
    story.review(waiting(story), "approved", "green")
    approvers = [p["approver"]["login"] for p in story.delivered("deployment_review", "approved")]
    assert approvers == (["deployment-gate[bot]"] if position else [])


@pytest.mark.parametrize("position", [True, False])
def test_own_decision_in_approvals(story: Story, position: bool) -> None:
    """Our own decision is in the history, or is not."""
    story.switch(own_decision_in_approvals=position)
    run_id = waiting(story)
    story.review(run_id, "approved", "green")
    expected = [("approved", "deployment-gate[bot]", "green")] if position else []
    assert story.approvals(run_id) == expected


@pytest.mark.parametrize("position", [True, False])
def test_reports_in_approvals(story: Story, position: bool) -> None:
    """Reports are in the history, or are not."""
    story.switch(reports_in_approvals=position)
    run_id = waiting(story)
    story.review(run_id, comment="held")
    assert len(story.approvals(run_id)) == position


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("listed", [True, False])
def test_bypass(story: Story, sent: bool, listed: bool) -> None:
    """A bypass is announced or not, and listed or not."""
    story.switch(bypass_sends_deployment_review=sent, bypass_in_approvals=listed)
    story.github.set_role(REPOSITORY, "root", "admin")
    run_id = waiting(story)
    story.github.bypass("root", run_id, ENVIRONMENT, "site is down")
    assert len(story.delivered("deployment_review", "approved")) == sent
    expected = [("approved", "root", "site is down")] if listed else []
    assert story.approvals(run_id) == expected


@pytest.mark.parametrize("position", [("failure",), ("queued", "failure"), ("error",)])
def test_rejection_statuses(story: Story, position: tuple[str, ...]) -> None:
    """A rejected deployment ends in whatever states the switch lists."""
    story.switch(rejection_statuses=position)
    run_id = waiting(story)
    story.review(run_id, "rejected")
    assert story.github.run_view(run_id).jobs[0].deployment_states == ("waiting", *position)


@pytest.mark.parametrize("position", ["failure", "inactive", "error"])
def test_cancelled_deployment_state(story: Story, position: str) -> None:
    """A cancelled deployment ends in the state the switch names."""
    story.switch(cancelled_deployment_state=position)
    run_id = waiting(story)
    story.github.cancel_run(run_id)
    assert story.github.run_view(run_id).jobs[0].deployment_states == ("waiting", position)


@pytest.mark.parametrize(("position", "count"), [("sent", 1), ("withheld", 0)])
def test_reviews_without_organization(story: Story, position: str, count: int) -> None:
    """A user's repository has reviews announced without organization, or not at all."""
    story.switch(reviews_without_organization=position)
    installation_id = story.github.create_installation("someone", "User")
    story.github.create_repository("someone/site", installation_id, owner_type="User")
    story.github.protect_environment("someone/site", ENVIRONMENT, reviewers=["carol"])
    story.github.deploy("someone/site")
    payloads = story.delivered("deployment_review", "requested")
    assert len(payloads) == count
    assert all("organization" not in each for each in payloads)


@pytest.mark.parametrize(("position", "asked_at_once"), [("parallel", 1), ("first", 0)])
def test_wait_timer(story: Story, position: str, asked_at_once: int) -> None:
    """The rule is asked beside the timer, or after it; the job needs both."""
    story.switch(wait_timer=position)
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, wait_minutes=5)
    run_id = waiting(story)
    assert len(story.delivered("deployment_protection_rule")) == asked_at_once
    story.github.advance(300)
    assert len(story.delivered("deployment_protection_rule")) == 1
    assert story.github.run_view(run_id).status == "waiting"
    story.review(run_id, "approved")
    assert story.github.run_view(run_id).status == "in_progress"


@pytest.mark.parametrize(
    ("position", "kept_out", "let_in"),
    [("actor", "alice", "bob"), ("triggering_actor", "bob", "alice")],
)
def test_prevent_self_review_binds(story: Story, position: str, kept_out: str, let_in: str) -> None:
    """Who started the run may not approve it, or who re-ran it."""
    story.switch(prevent_self_review_binds=position)
    story.github.protect_environment(
        REPOSITORY, ENVIRONMENT, reviewers=["alice", "bob"], prevent_self_review=True
    )
    run_id = waiting(story, actor="alice")
    story.github.cancel_run(run_id)
    story.github.rerun(run_id, "bob")
    story.github.reach_environment(run_id, ENVIRONMENT)
    with pytest.raises(Impossible):
        story.github.review_as(kept_out, run_id, ENVIRONMENT)
    story.github.review_as(let_in, run_id, ENVIRONMENT)


@pytest.mark.parametrize("position", ["review", "waiting"])
def test_review_since(story: Story, position: str) -> None:
    """A review tells when it was given, or since when the deployment waited for it."""
    story.switch(review_since=position)
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = waiting(story)
    waited_since = story.github.world.now()
    story.github.advance(3600)
    story.github.review_as("carol", run_id, ENVIRONMENT, comment="go")
    (payload,) = story.delivered("deployment_review", "approved")
    since = datetime.fromisoformat(payload["since"])
    assert (since - waited_since > timedelta(minutes=59)) is (position == "review")


@pytest.mark.parametrize(("position", "status"), [("forbidden", 403), ("unprocessable", 422)])
def test_pending_deployments_by_app(story: Story, position: str, status: int) -> None:
    """An App is refused as a required reviewer, in one way or the other."""
    story.switch(pending_deployments_by_app=position)
    path = f"/repos/{REPOSITORY}/actions/runs/{waiting(story)}/pending_deployments"
    body = {"environment_ids": [1], "state": "approved", "comment": ""}
    assert story.call("POST", path, body, story.token()).status == status
