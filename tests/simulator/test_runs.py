"""The life of runs and deployments: attempts, reviewers, bypass, expiry, ends."""

from datetime import timedelta

import pytest

from gate.simulator.errors import Impossible, NoSuchThing
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story

DAY = timedelta(days=1).total_seconds()


def test_a_rerun_is_the_same_run_with_a_new_attempt(story: Story) -> None:
    """Same id and commit, the next attempt, a new start, a new deployment and a new question."""
    run_id = story.github.deploy(REPOSITORY).run_id
    first = story.github.run_view(run_id)
    story.review(run_id, "rejected")
    story.github.advance(60)
    assert story.github.rerun(run_id, "erin") == 2
    story.github.reach_environment(run_id, ENVIRONMENT)
    second = story.github.run_view(run_id)
    assert (second.id, second.run_attempt, second.head_sha) == (run_id, 2, first.head_sha)
    assert second.created_at == first.created_at
    assert second.run_started_at > first.run_started_at
    assert second.jobs[0].deployment_id != first.jobs[0].deployment_id
    asked = story.delivered("deployment_protection_rule")
    assert len({each["deployment"]["id"] for each in asked}) == 2
    assert len({each["deployment_callback_url"] for each in asked}) == 1
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}"
    token = story.token()
    shown = story.call("GET", path, token=token).json
    assert shown["triggering_actor"]["login"] == "erin"
    assert shown["actor"]["login"] == "developer"
    earlier = story.call("GET", f"{path}/attempts/1", token=token).json
    assert (earlier["run_attempt"], earlier["conclusion"]) == (1, "failure")
    every = story.call("GET", f"{path}/jobs?filter=all", token=token).json
    assert [job["run_attempt"] for job in every["jobs"]] == [1, 2]


def test_only_a_completed_young_run_is_rerun(story: Story) -> None:
    """Not while it runs, and not after 30 days."""
    run_id = story.github.deploy(REPOSITORY).run_id
    with pytest.raises(Impossible):
        story.github.rerun(run_id)
    story.github.cancel_run(run_id)
    story.github.advance(30 * DAY + 60)
    with pytest.raises(Impossible):
        story.github.rerun(run_id)


def test_an_unanswered_gate_fails_after_thirty_days(story: Story) -> None:
    """It waits for 30 days less a moment, then the job fails."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.advance(30 * DAY - 60)
    assert story.github.run_view(run_id).status == "waiting"
    story.github.advance(60)
    view = story.github.run_view(run_id)
    assert (view.conclusion, view.jobs[0].conclusion) == ("failure", "failure")
    assert story.review(run_id, "approved").status == 422


def test_a_run_lasts_thirty_five_days_at_most(story: Story) -> None:
    """A run whose last gate is young is cancelled all the same."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.advance(20 * DAY)
    story.review(run_id, "approved")
    story.github.reach_environment(run_id, ENVIRONMENT, "second")
    story.github.advance(15 * DAY)
    assert story.github.run_view(run_id).conclusion == "cancelled"


def test_cancelling_ends_the_wait_without_asking(story: Story) -> None:
    """The App hears only `workflow_run.completed`, and its review finds nothing pending."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.cancel_run(run_id)
    (payload,) = story.delivered("workflow_run", "completed")
    assert payload["workflow_run"]["conclusion"] == "cancelled"
    assert story.review(run_id, "approved").status == 422
    assert story.github.run_view(run_id).jobs[0].conclusion == "cancelled"
    with pytest.raises(Impossible):
        story.github.cancel_run(run_id)


def test_a_reviewer_and_the_rule_have_to_pass_both(story: Story) -> None:
    """The reviewer may come first; the job starts with the second of the two."""
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.review_as("carol", run_id, ENVIRONMENT, comment="hotfix")
    assert story.github.run_view(run_id).status == "waiting"
    with pytest.raises(Impossible):
        story.github.review_as("carol", run_id, ENVIRONMENT)
    assert story.review(run_id, "approved").status == 204
    assert story.github.run_view(run_id).status == "in_progress"
    assert story.approvals(run_id)[0] == ("approved", "carol", "hotfix")


def test_a_reviewer_may_reject(story: Story) -> None:
    """A reviewer's rejection fails the run whatever the rule says."""
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = story.github.deploy(REPOSITORY).run_id
    story.review(run_id, "approved")
    story.github.review_as("carol", run_id, ENVIRONMENT, "rejected", "no")
    assert story.github.run_view(run_id).conclusion == "failure"


def test_only_required_reviewers_review(story: Story) -> None:
    """A member of a required team may, in whatever case the login is written; others not."""
    story.github.set_team_member("octo-org", "deployers", "Erin", "member")
    story.github.protect_environment(
        REPOSITORY, ENVIRONMENT, reviewers=["team:octo-org/deployers"], prevent_self_review=True
    )
    run_id = story.github.deploy(REPOSITORY, actor="erin").run_id
    with pytest.raises(Impossible):
        story.github.review_as("mallory", run_id, ENVIRONMENT)
    with pytest.raises(Impossible):
        story.github.review_as("erin", run_id, ENVIRONMENT)
    other = story.github.deploy(REPOSITORY).run_id
    story.github.review_as("erin", other, ENVIRONMENT)


def test_an_administrator_bypasses_the_rules(story: Story) -> None:
    """All waiting jobs of the environment start; nobody else may, and not where it is forbidden."""
    story.github.set_role(REPOSITORY, "root", "admin")
    run_id = story.github.deploy(REPOSITORY, jobs=["a", "b"]).run_id
    with pytest.raises(Impossible):
        story.github.bypass("developer", run_id, ENVIRONMENT)
    story.github.bypass("root", run_id, ENVIRONMENT, "site is down")
    assert {job.status for job in story.github.run_view(run_id).jobs} == {"in_progress"}
    assert story.review(run_id, "approved").status == 422
    story.github.protect_environment(REPOSITORY, ENVIRONMENT, can_admins_bypass=False)
    other = story.github.deploy(REPOSITORY).run_id
    with pytest.raises(Impossible):
        story.github.bypass("root", other, ENVIRONMENT)


def test_removing_the_rule_does_not_release_the_job(story: Story) -> None:
    """Jobs that wait for a rule which is disabled fail; later ones pass unasked."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.disable_rule(REPOSITORY, ENVIRONMENT)
    assert story.github.run_view(run_id).conclusion == "failure"
    assert not story.github.deploy(REPOSITORY).waiting
    path = f"/repos/{REPOSITORY}/environments/{ENVIRONMENT}/deployment_protection_rules"
    assert story.call("GET", path, token=story.token()).json["total_count"] == 0


def test_deleting_the_environment_fails_what_waits(story: Story) -> None:
    """Deleting an environment fails its waiting jobs; it comes back unprotected."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.github.delete_environment(REPOSITORY, ENVIRONMENT)
    assert story.github.run_view(run_id).conclusion == "failure"
    assert not story.github.deploy(REPOSITORY).waiting
    with pytest.raises(NoSuchThing):
        story.github.delete_environment(REPOSITORY, "no-such")


def test_a_job_that_fails_fails_its_deployment(story: Story) -> None:
    """After the gate a job may still fail, and its deployment with it."""
    run_id = story.github.deploy(REPOSITORY).run_id
    story.review(run_id, "approved")
    story.github.finish_job(run_id, "deploy", "failure")
    view = story.github.run_view(run_id)
    assert view.conclusion == "failure"
    assert view.jobs[0].deployment_states[-1] == "failure"


def test_a_success_retires_the_deployment_before_it(story: Story) -> None:
    """The earlier deployment of the environment becomes inactive, without a webhook."""
    runs = []
    for _ in range(2):
        runs.append(story.github.deploy(REPOSITORY).run_id)
        story.review(runs[-1], "approved")
        story.github.finish_job(runs[-1])
    assert story.github.run_view(runs[0]).jobs[0].deployment_states[-1] == "inactive"
    states = [p["deployment_status"]["state"] for p in story.delivered("deployment_status")]
    assert states.count("success") == 2
    assert "inactive" not in states


def test_a_run_does_not_succeed_while_it_waits(story: Story) -> None:
    """Only an answer lets a waiting run succeed."""
    run_id = story.github.deploy(REPOSITORY).run_id
    with pytest.raises(Impossible):
        story.github.complete_run(run_id, "success")
    with pytest.raises(Impossible):
        story.github.complete_run(run_id, "splendid")
    with pytest.raises(NoSuchThing):
        story.github.complete_run(1)


def test_an_app_sets_deployment_statuses(story: Story) -> None:
    """Any state but `waiting`, with 140 characters of description at most."""
    deployment = story.github.deploy(REPOSITORY).deployment_id
    path = f"/repos/{REPOSITORY}/deployments/{deployment}/statuses"
    token = story.token()
    assert story.call("POST", path, {"state": "waiting"}, token).status == 422
    long = {"state": "error", "description": "x" * 141}
    assert story.call("POST", path, long, token).status == 422
    made = story.call("POST", path, {"state": "error", "log_url": "https://x.test/1"}, token)
    assert made.status == 201
    assert made.json["target_url"] == "https://x.test/1"
    assert made.json["performed_via_github_app"]["id"] == story.app_id
    assert story.call("GET", path, token=token).json[0]["state"] == "error"
    reader = story.token(permissions={"deployments": "read"})
    assert story.call("POST", path, {"state": "error"}, reader).status == 403


def test_runs_of_a_fork_say_so(story: Story) -> None:
    """A run from a fork belongs to the repository, its head does not."""
    fork = story.github.create_repository("mallory/frontend", fork=True, owner_type="User")
    run_id = story.github.start_run(
        REPOSITORY, "validation.yml", event="pull_request", head_repository="mallory/frontend"
    )
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}"
    shown = story.call("GET", path, token=story.token()).json
    assert shown["repository"]["id"] == story.repository_id
    assert shown["head_repository"]["id"] == fork
    assert shown["head_repository"]["fork"] is True


def test_many_deployments_in_one_command(story: Story) -> None:
    """A benchmark starts many waiting runs at once and hears of nothing but the rule."""
    reached = story.github.deploy_many(REPOSITORY, 5)
    assert len({each.run_id for each in reached}) == 5
    assert all(each.waiting for each in reached)
    assert story.github.wait_until_delivered()
    assert story.hook.events() == ["deployment_protection_rule"] * 5


def test_one_job_is_run_again(story: Story) -> None:
    """The others keep what they came to, and when."""
    run_id = story.github.validate(REPOSITORY, jobs={"maestro": "success", "report": "success"})
    story.github.advance(3600)
    assert story.github.rerun_job(run_id, "report") == 2
    story.github.complete_run(run_id, "success")
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}/jobs"
    jobs = story.call("GET", path, token=story.token()).json["jobs"]
    started = {job["name"]: job["started_at"] for job in jobs}
    assert started["maestro"] < started["report"]
