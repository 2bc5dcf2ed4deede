"""Overrides: a reviewer releases a held deployment, by each way in, and it is on record."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.state.records import StatusRecord
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.markdown import acting, invisible

OVERRIDE_ENVIRONMENT = f"{ENVIRONMENT}-override"
WHY = "I accept the risk: checkout is down and this build fixes it."
POLICY = ".github/deployment-gate.yml"


@pytest.fixture
def switches(either_since: Switches) -> Switches:
    """Run each test under both meanings of a review's `since`."""
    return either_since


def held(gate: Gate, **more: object) -> int:
    """Hold a deployment because production validation is red."""
    gate.validate(REPOSITORY, "failure")
    gate.github.advance(60)
    run_id = gate.github.deploy(REPOSITORY, **more).run_id  # type: ignore[arg-type]
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    return run_id


def held_for_review(gate: Gate, reviewer: str = "carol") -> int:
    """Hold a deployment that required reviewers are asked about as well."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=[reviewer])
    run_id = held(gate)
    gate.github.advance(60)
    return run_id


def comment(gate: Gate, author: str, body: str) -> tuple[int, int]:
    """Write a comment on a new issue; give the issue's number and the comment's id."""
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, author, body)
    gate.settle()
    return number, comment_id


def override_run(gate: Gate, run_id: int, comment: str, reviewer: str = "carol") -> int:
    """Dispatch the override workflow for a run, and approve its environment."""
    gate.github.protect_environment(
        REPOSITORY, OVERRIDE_ENVIRONMENT, reviewers=[reviewer], custom_rule=False
    )
    gate.github.advance(60)
    own = gate.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        event="workflow_dispatch",
        title=f"Override of run {run_id}",
    )
    gate.github.progress_run(own)
    gate.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
    gate.github.review_as(reviewer, own, OVERRIDE_ENVIRONMENT, "approved", comment)
    gate.settle()
    return own


def kinds(gate: Gate, run_id: int) -> list[str]:
    """List what the trail tells of a run."""
    return [entry.kind for entry in gate.trail(run_id)]


def released(gate: Gate, run_id: int) -> bool:
    """Say whether the gate has let a run go on because of an override."""
    found = gate.record(run_id)
    return found.state == RequestState.APPROVED and found.reasons[0] == "override"


def test_a_required_reviewer_releases_a_held_deployment(gate: Gate) -> None:
    """An approval in GitHub's dialog, with acknowledgement and reason, releases the red gate."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)
    (answer,) = gate.answers(run_id)
    assert "carol" in (answer.comment or "")
    assert "checkout is down" in (answer.comment or "")
    assert gate.github.run_view(run_id).status == "in_progress"


def test_an_override_covers_the_waves_after_it(gate: Gate) -> None:
    """The jobs of a matrix with `max-parallel` ask one after another; one override is enough."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.advance(300)
    gate.github.reach_environment(run_id, ENVIRONMENT, "deploy (2)")
    gate.settle()
    first, second = gate.answers(run_id)
    assert (first.state, second.state) == ("approved", "approved")
    assert "covers them too" not in (first.comment or "")
    assert "covers these jobs too" in (second.comment or "")
    assert gate.reports(run_id)[1:] == []


def test_each_wave_has_reports_of_its_own(gate: Gate) -> None:
    """GitHub takes ten status reports for each deployment: an earlier wave uses up none of them."""
    run_id = held(gate)
    for conclusion in ["cancelled", "failure"] * 5:
        gate.validate(REPOSITORY, conclusion)
        gate.advance(minutes=1)
    told = len(gate.reports(run_id))
    assert told == 9
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    gate.github.advance(300)
    gate.github.reach_environment(run_id, ENVIRONMENT, "deploy (2)")
    gate.settle()
    assert len(gate.reports(run_id)) == told + 1


def test_a_comment_offers_only_the_ways_that_are_open(gate: Gate) -> None:
    """Which environments have required reviewers GitHub is asked, and not for each comment."""
    run_id = held_for_review(gate)
    told = gate.reports(run_id)[0].comment or ""
    assert "**Override by comment:** " in told
    assert "**Override in the review:** " in told
    assert "**Override by workflow:**" not in told
    asked = environments_asked(gate)
    assert asked == 2
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert environments_asked(gate) == asked


def test_where_nobody_can_override_a_comment_says_so(gate: Gate) -> None:
    """Without required reviewers and without people in the policy there is no way."""
    told = gate.reports(held(gate))[0].comment or ""
    assert "**No override:**" in told


@pytest.mark.parametrize("status", [403, 500])
def test_ways_that_cannot_be_read_are_offered(gate: Gate, status: int) -> None:
    """What is not known is not denied, and holds nothing up."""
    gate.github.add_fault(Fault("/environments/", status=status))
    told = gate.reports(held(gate))[0].comment or ""
    assert f"approve {OVERRIDE_ENVIRONMENT} with" in told


def environments_asked(gate: Gate) -> int:
    """Count the calls that read an environment."""
    made = gate.github.totals().requests
    return sum(times for call, times in made.items() if "/environments/" in call)


def test_the_record_comes_before_the_release(gate: Gate) -> None:
    """Who, why and on what stands in the trail before GitHub is told."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    told = kinds(gate, run_id)
    assert told.index("override.requested") < told.index("override.recorded")
    assert told.index("override.recorded") < told.index("review.sent")
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.actor == "carol"
    assert entry.reason == "validation_failed"
    assert entry.detail["rationale"] == WHY


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("I accept the risk", "rationale needs 20 more characters"),
        (WHY[19:], "rationale must contain"),
    ],
)
def test_an_incomplete_override_says_what_is_missing(gate: Gate, said: str, fault: str) -> None:
    """The hold stays, and a status report names what the comment lacks."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", said)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed", "override_incomplete")
    assert fault in (gate.reports(run_id)[-1].comment or "")
    assert "override.refused" in kinds(gate, run_id)
    assert gate.answers(run_id) == []


@pytest.mark.parametrize("said", ["", " \n\u200b "])
def test_an_ordinary_approval_accuses_nobody(gate: Gate, said: str) -> None:
    """A required reviewer who clicks "approve" without a word has asked for no override."""
    run_id = held_for_review(gate)
    before = len(gate.reports(run_id))
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", said)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert len(gate.reports(run_id)) == before
    assert not [kind for kind in kinds(gate, run_id) if kind.startswith("override.")]
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_reviewer_overrides_what_turned_red_while_it_waited(gate: Gate) -> None:
    """Whatever GitHub's time of a review means: it is told of well after the failure."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=10)
    gate.github.complete_run(validation, "failure")
    gate.advance(seconds=40)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)


def test_an_approval_from_before_the_failure_that_was_lost_does_not_count(gate: Gate) -> None:
    """GitHub had to be asked to tell it again: nobody knows when it was told first."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=1)
    lost = gate.github.add_webhook_fault(WebhookFault("drop", event="deployment_review"))
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.advance(minutes=1)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    gate.advance(minutes=1)
    gate.sweep()
    assert "override.requested" in kinds(gate, run_id)
    assert gate.record(run_id).state == RequestState.WAITING
    assert "repeat it in a comment" in (gate.reports(run_id)[-1].comment or "")
    assert gate.answers(run_id) == []


def test_a_comment_is_the_second_chance(gate: Gate) -> None:
    """A reviewer who forgot the reason gives it by `/override` on an issue."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.settle()
    number, comment_id = comment(gate, "carol", f"/override {run_id} {WHY}")
    assert released(gate, run_id)
    (written,) = [it for it in gate.github.comments(REPOSITORY, number) if it.id == comment_id]
    assert written.reactions == ("eyes", "rocket")


def test_the_override_environment_releases_the_run_it_names(gate: Gate) -> None:
    """Green deployments need no human; a red one is released by the override workflow."""
    run_id = held(gate)
    own = override_run(gate, run_id, WHY)
    assert released(gate, run_id)
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.detail["channel"] == "environment"
    assert str(own) in str(entry.detail["url"])


def test_an_override_workflow_of_another_branch_counts_for_nothing(gate: Gate) -> None:
    """On a branch whoever pushes writes the workflow, its title included."""
    run_id = held(gate)
    gate.github.protect_environment(
        REPOSITORY, OVERRIDE_ENVIRONMENT, reviewers=["carol"], custom_rule=False
    )
    gate.github.advance(60)
    own = gate.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        branch="topic",
        event="workflow_dispatch",
        title=f"Override of run {run_id}",
    )
    gate.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
    gate.github.review_as("carol", own, OVERRIDE_ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    (entry,) = [it for it in gate.trail(own) if it.kind == "override.refused"]
    assert entry.reason == "override_run_untrusted"


def test_an_approval_from_before_it_turned_red_does_not_count(gate: Gate) -> None:
    """The reviewer did not know of the failure, so the approval is no acceptance of it."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml", event="push")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.advance(60)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    told = gate.reports(run_id)[-1].comment or ""
    assert "before or just as this hold began" in told
    assert "repeat it in a comment" in told
    assert "Somebody else must" not in told


def test_whoever_started_the_deployment_may_not_override(gate: Gate) -> None:
    """`prevent_self_review` is the gate's own rule, whatever GitHub's setting is."""
    run_id = held_for_review(gate, "developer")
    gate.github.review_as("developer", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed", "override_ineligible")


def test_whoever_may_not_review_may_not_override_by_comment(gate: Gate) -> None:
    """Where the policy lists nobody, GitHub's own reviewers are asked; one who may write is none.

    They are told, and nobody else: the deployment's status reports are for those who may.
    """
    run_id = held_for_review(gate)
    gate.github.set_role(REPOSITORY, "mallory", "write")
    number, _ = comment(gate, "mallory", f"/override {run_id} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert len(gate.reports(run_id)) == 1
    told = gate.github.comments(REPOSITORY, number)[-1]
    assert told.app_id is not None
    assert "not a required reviewer" in told.body


REVIEWERS = """version: 1
environments:
  production-frontend:
    override:
      reviewers: ["team:octo-org/owners", "user:Dave", "permission:maintain"]
      approvals: 2
"""


@pytest.mark.parametrize("second", ["dave", "erin"])
def test_two_people_of_those_the_policy_lists(gate: Gate, second: str) -> None:
    """A member of the team and one more, by login or by permission, release it together."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS)
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    gate.github.set_role(REPOSITORY, "erin", "maintain")
    run_id = held(gate)
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed", "override_incomplete")
    assert "1 more reviewer must override" in (gate.reports(run_id)[-1].comment or "")
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    comment(gate, second, f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_team_that_cannot_be_read_hides_nobody_beside_it(gate: Gate) -> None:
    """Who is listed by login releases the hold; whoever is not is told which team was not read."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    gate.github.add_fault(Fault(path="/orgs/octo-org/teams/", status=403))
    gate.github.set_role(REPOSITORY, "frank", "write")
    run_id = held(gate)
    comment(gate, "frank", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert "team:octo-org/owners cannot be read" in str(gate.trail(run_id)[-1].detail)
    comment(gate, "dave", f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_login_that_passed_to_somebody_else_is_not_the_person(gate: Gate) -> None:
    """People are known by number: a claim of the former owner of a login does not count."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    run_id = held(gate)
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "red")
    gate.github.comment_on_issue(REPOSITORY, number, "dave", f"/override {run_id} {WHY}")
    gate.github.wait_until_delivered()
    former = gate.github.world.accounts.pop("dave")
    assert gate.github.world.account("dave").id != former.id
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.refused"]
    assert entry.reason == "not_eligible"
    assert "no longer belongs to this account" in str(entry.detail["detail"])


def test_whoever_is_no_reviewer_any_more_may_not_speak_again(gate: Gate) -> None:
    """The first review was refused; that GitHub let them review then says nothing of today."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.settle()
    world = gate.github.world
    world.environment(world.repository(REPOSITORY), ENVIRONMENT).reviewers.clear()
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.trail(run_id)[-1].reason == "not_eligible"


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_comment_that_does_not_stand_releases_nothing(gate: Gate, change: str) -> None:
    """Whoever may write can edit a comment: what was said is then not known any more."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS)
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    run_id = held(gate)
    _, comment_id = comment(gate, "carol", f"/override {run_id} {WHY}")
    if change == "edited":
        gate.github.edit_comment(REPOSITORY, comment_id, f"/override {run_id} {WHY}!", "mallory")
    else:
        gate.github.delete_comment(REPOSITORY, comment_id, "mallory")
    comment(gate, "dave", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert "override.withdrawn" in kinds(gate, run_id)


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_comment_that_is_seen_only_after_it_fell_releases_nothing(
    gate: Gate, change: str
) -> None:
    """Webhooks come in any order, and GitHub sends one again that could not be delivered."""
    run_id = held_for_review(gate)
    number = gate.github.open_issue(REPOSITORY, "red")
    gate.github.add_webhook_fault(
        WebhookFault("drop", event="issue_comment", action="created", times=1)
    )
    said = f"/override {run_id} {WHY}"
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, "carol", said)
    gate.settle()
    gate.github.advance(1)
    if change == "edited":
        gate.github.edit_comment(REPOSITORY, comment_id, "no, wait", "carol")
    else:
        gate.github.delete_comment(REPOSITORY, comment_id, "carol")
    gate.settle()
    gate.advance(minutes=10)
    gate.sweep()
    assert any(it.redelivery for it in gate.github.deliveries())
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.answers(run_id) == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.refused"]
    assert (entry.reason, entry.detail["rationale"]) == ("withdrawn", WHY)


@pytest.mark.parametrize("named", ["1", "https://github.test/acme/shop/actions/runs/{run}"])
def test_what_is_not_held_here_is_refused(gate: Gate, named: str) -> None:
    """An override of a run that is not held, or of another repository, changes nothing."""
    run_id = held_for_review(gate)
    number, comment_id = comment(gate, "carol", f"/override {named.format(run=run_id)} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed",)
    first, reply = gate.github.comments(REPOSITORY, number)
    assert (first.id, first.reactions) == (comment_id, ("confused",))
    assert "Not done: " in reply.body


def test_an_override_does_not_carry_over_to_a_rerun(gate: Gate) -> None:
    """The next attempt is a request of its own."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.finish_job(run_id, conclusion="failure")
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    states = [it.state for it in gate.records() if it.run_id == run_id]
    assert states == [RequestState.APPROVED, RequestState.WAITING]


def mirrors(gate: Gate, deployment_id: int) -> list[StatusRecord]:
    """List the statuses that the gate has added to a deployment."""
    return [it for it in gate.github.deployment_statuses(deployment_id) if it.app_id is not None]


@pytest.mark.parametrize("conclusion", ["success", "failure"])
def test_the_deployment_history_tells_of_the_override(gate: Gate, conclusion: str) -> None:
    """Once the deployment has ended its state is said again, with who and why, and not changed."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    assert mirrors(gate, deployment_id) == []
    gate.github.finish_job(run_id, conclusion=conclusion)
    gate.settle()
    (status,) = mirrors(gate, deployment_id)
    assert status.state == gate.github.deployment_statuses(deployment_id)[-2].state == conclusion
    assert status.description.startswith("Override by @carol: I accept the risk")
    assert len(status.description) <= 140
    page = f"/{REPOSITORY}/actions/runs/{run_id}#gate-request-{gate.record(run_id).id}"
    assert status.log_url.endswith(page)
    assert not status.log_url.startswith(gate.url)
    gate.advance(hours=3)
    assert len(mirrors(gate, deployment_id)) == 1


def test_the_history_is_told_although_the_webhook_was_lost(gate: Gate) -> None:
    """A released deployment is looked at from time to time."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_status"))
    gate.github.finish_job(run_id)
    gate.settle()
    assert mirrors(gate, deployment_id) == []
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1


def test_a_status_whose_answer_was_lost_is_looked_up(gate: Gate) -> None:
    """It is in the history, so it is not added again."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.add_fault(
        Fault(path=r"/deployments/\d+/statuses", method="POST", times=1, status=502, apply=True)
    )
    gate.github.finish_job(run_id)
    gate.settle()
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1


def test_hostile_words_are_quoted_harmlessly(gate: Gate) -> None:
    """Nobody is mentioned, nothing is rendered, and the record keeps what was said."""
    hostile = f"{WHY} @everyone <!channel> ![x](http://evil.test/p.png) \u202egnorw daer"
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", hostile)
    gate.settle()
    said = gate.answers(run_id)[0].comment or ""
    assert released(gate, run_id)
    assert acting(said) == invisible(said) == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.detail["rationale"] == hostile


class Crash(BaseException):
    """The process dies here."""


def die_once(gate: Gate, place: str) -> None:
    """Die at the next pass through a place."""

    def die(at: str) -> None:
        if at == place:
            gate.failpoint = lambda _: None
            raise Crash

    gate.failpoint = die


def test_a_status_is_not_added_twice_by_a_crash(gate: Gate) -> None:
    """It was sent, and the process died before that was on record: GitHub is looked at first."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.finish_job(run_id)
    die_once(gate, "sent")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.expire_leases()
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1


def test_a_reply_is_not_written_twice_by_a_crash(gate: Gate) -> None:
    """The same for what is said below a comment."""
    gate.github.set_role(REPOSITORY, "carol", "write")
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override 1 {WHY}")
    die_once(gate, "replied")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.advance(hours=1)
    written = [it for it in gate.github.comments(REPOSITORY, number) if it.app_id is not None]
    assert len(written) == 1


def test_a_reply_whose_answer_was_lost_is_looked_up(gate: Gate) -> None:
    """It stands below the comment, so it is not written again."""
    gate.github.set_role(REPOSITORY, "carol", "write")
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override 1 {WHY}")
    gate.github.add_fault(
        Fault(path=r"/issues/\d+/comments", method="POST", times=1, status=502, apply=True)
    )
    gate.settle()
    gate.advance(hours=1)
    written = [it for it in gate.github.comments(REPOSITORY, number) if it.app_id is not None]
    assert len(written) == 1


def test_each_refused_comment_is_told_and_on_record(gate: Gate) -> None:
    """Two alike in one minute are two refusals, each with its reply."""
    run_id = held_for_review(gate)
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    for _ in range(2):
        gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} too short")
        gate.settle()
    written = gate.github.comments(REPOSITORY, number)
    assert [it.reactions for it in written if it.app_id is None] == [("eyes", "confused")] * 2
    assert kinds(gate, run_id).count("override.refused") == 2


def waiting_for_itself(gate: Gate, workflow: str) -> int:
    """Let a run that counts as the validation reach the gated environment itself."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = gate.github.start_run(REPOSITORY, workflow)
    gate.github.reach_environment(run_id, ENVIRONMENT, "flows")
    gate.settle()
    return run_id


@pytest.mark.parametrize("workflow", ["production-validation.yml", "deploy-frontend.yml"])
def test_a_validation_that_waits_for_itself_is_named_and_can_be_released(
    gate: Gate, workflow: str
) -> None:
    """Its job uses the gated environment, or it shares a workflow with the deployment."""
    text = (
        "version: 1\nenvironments:\n  production-frontend:\n"
        f"    validation: {{workflow: {workflow}}}\n    override: {{holds: [inconclusive]}}\n"
    )
    gate.github.put_file(REPOSITORY, POLICY, text)
    run_id = waiting_for_itself(gate, workflow)
    assert gate.record(run_id).reasons == ("validation_waits_for_itself",)
    (report,) = gate.reports(run_id)
    assert "workflow of its own" in (report.comment or "")
    gate.github.advance(60)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)


def test_what_waits_for_such_a_validation_is_told_so(gate: Gate) -> None:
    """A deployment before it that shares its workflow, and one of a workflow of its own."""
    workflow = "production-validation.yml"
    first = waiting_for_itself(gate, workflow)
    gate.github.advance(60)
    second = waiting_for_itself(gate, workflow)
    other = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=6)
    for run_id in (first, second, other):
        assert gate.record(run_id).reasons == ("validation_waits_for_itself",)


def test_a_validation_that_runs_is_waited_for(gate: Gate) -> None:
    """Although a deployment of another workflow waits meanwhile."""
    gate.github.start_run(REPOSITORY, "production-validation.yml")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_running",)
