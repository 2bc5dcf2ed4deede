"""People follow an incident in its issue and act on it there, whatever goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gate.doctor import examine
from gate.domain.incidents.events import Resolution
from gate.domain.incidents.incident import Incident
from gate.domain.model.course import Course
from gate.domain.model.ids import IncidentId
from gate.reconciler.deps import Work
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.state.records import CommentRecord, IssueRecord
from gate.store.audit.entries import AuditEntry, read_audit
from gate.store.incidents import incidents
from gate.store.incidents import issues as incident_issues
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate, wait_for
from tests.support.markdown import check_commands, code_spans, invisible, shown

BOT = "deployment-gate[bot]"
POLICY = ".github/deployment-gate.yml"
WITH_REVIEWERS = f"""\
version: 1
environments:
  {ENVIRONMENT}:
    validation: {{workflow: production-validation.yml}}
    override: {{reviewers: [user:carol]}}
"""


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate whose policy lets carol override; dave may write, erin may read."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db") as running:
        running.github.put_file(REPOSITORY, POLICY, WITH_REVIEWERS)
        running.github.set_role(REPOSITORY, "carol", "read")
        running.github.set_role(REPOSITORY, "dave", "write")
        running.github.set_role(REPOSITORY, "erin", "read")
        running.settle()
        yield running


def red(gate: Gate) -> None:
    """Let the validation fail."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()


def green(gate: Gate) -> None:
    """Let the validation pass."""
    gate.validate(REPOSITORY, "success")
    gate.settle()


def issues(gate: Gate) -> list[IssueRecord]:
    """List all issues of the repository."""
    return gate.github.issues_of(REPOSITORY)


def issue(gate: Gate) -> IssueRecord:
    """Give the only issue."""
    (found,) = issues(gate)
    return found


def say(gate: Gate, login: str, text: str, number: int = 1) -> CommentRecord:
    """Comment on an issue as somebody, and give the comment once the gate has answered it."""
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, login, text)
    gate.settle()
    (found,) = [it for it in gate.github.comments(REPOSITORY, number) if it.id == comment_id]
    return found


def remarks(gate: Gate, number: int = 1) -> list[str]:
    """List what the gate has said below an issue."""
    return [it.body for it in gate.github.comments(REPOSITORY, number) if it.author == BOT]


def incident(gate: Gate, number: int = 1) -> Incident:
    """Give an incident."""
    found = gate.service.database.read(lambda it: incidents.read_incident(it, IncidentId(number)))
    assert found is not None
    return found.incident


def trail(gate: Gate, kind: str) -> list[AuditEntry]:
    """List the entries of a kind about the newest failed run."""
    failure, place = incident(gate).failure, incident(gate).place
    entries = gate.service.database.read(
        lambda it: read_audit(it, place.repository_id, failure.run_id)
    )
    return [entry for entry in entries if entry.kind == kind]


def crash_once(place: str) -> Callable[[str], None]:
    """End the process at a place, the first time it is reached."""
    reached: list[str] = []

    def fail(name: str) -> None:
        if name == place and not reached:
            reached.append(name)
            raise Crash

    return fail


def test_the_comment_on_a_held_deployment_links_the_issue(gate: Gate) -> None:
    """People ask, and override, where the incident is worked on; before it there is no link."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    red(gate)
    later = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    link = f"[issue #{issue(gate).number}](http"
    assert link not in (gate.reports(run_id)[0].comment or "")
    assert link in (gate.reports(later)[-1].comment or "")


def test_an_incident_has_an_issue(gate: Gate) -> None:
    """It says what fails and what to do, under the policy's labels; the trail names it."""
    gate.github.deploy(REPOSITORY)
    red(gate)
    gate.advance(minutes=1)
    found = issue(gate)
    assert (found.author, found.state) == (BOT, "open")
    assert found.title == f"Production Validation Failed: {ENVIRONMENT}"
    assert found.labels == ("production-validation",)
    assert "- [ ] Acknowledge by " in found.body
    assert "### Held deployments (1)" in found.body
    assert [entry.detail["number"] for entry in trail(gate, "issue.opened")] == [1]
    assert remarks(gate) == []


def test_the_issue_follows_what_has_no_event(gate: Gate) -> None:
    """Deployments that come to wait, and deadlines that pass, show within a minute."""
    red(gate)
    assert "### Held deployments" not in issue(gate).body
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.advance(minutes=1)
    assert "### Held deployments (1)" in issue(gate).body
    assert "**overdue**" not in issue(gate).body
    gate.advance(minutes=15)
    assert "**overdue**" in issue(gate).body
    assert remarks(gate) == []


def test_a_writer_acknowledges(gate: Gate) -> None:
    """The reaction says that it is done; the checklist is ticked."""
    red(gate)
    assert say(gate, "dave", "/ack").reactions == ("rocket",)
    word = incident(gate).acknowledged
    assert word is not None
    assert word.actor == "dave"
    assert "- [x] Acknowledged by dave" in issue(gate).body
    (entry,) = trail(gate, "command.accepted")
    assert (entry.actor, entry.detail["command"]) == ("dave", "ack")


def test_a_writer_acknowledges_without_a_policy(gate: Gate) -> None:
    """Who looks after it does not wait for a policy that cannot be read."""
    red(gate)
    gate.github.put_file(REPOSITORY, POLICY, "version: 1")
    gate.settle()
    gate.github.add_fault(Fault(path="/contents/", status=502))
    assert say(gate, "dave", "/ack").reactions == ("rocket",)
    gate.github.clear_faults()
    gate.advance(minutes=10)
    assert say(gate, "carol", "/decide rollback it leaks").reactions == ("confused",)
    (entry,) = trail(gate, "command.refused")
    assert "policy cannot be read" in str(entry.detail["detail"])


def test_whoever_the_policy_lists_acknowledges(gate: Gate) -> None:
    """A reviewer need not have write permission."""
    red(gate)
    assert say(gate, "carol", "/ack").reactions == ("rocket",)


def test_the_first_acknowledgement_stands(gate: Gate) -> None:
    """The second person learns who was first."""
    red(gate)
    say(gate, "dave", "/ack")
    assert say(gate, "carol", "/ack").reactions == ("eyes",)
    assert "dave has already acknowledged" in remarks(gate)[-1]
    word = incident(gate).acknowledged
    assert word is not None
    assert word.actor == "dave"


@pytest.mark.parametrize(
    ("login", "text"),
    [
        ("dave", "/decide rollback it leaks"),
        ("dave", "/resolve a false alarm"),
        ("dave", "/silence 4h we know"),
    ],
)
def test_refused_commands(gate: Gate, login: str, text: str) -> None:
    """Who may not is told why, on record; nothing is done."""
    red(gate)
    before = incident(gate)
    assert say(gate, login, text).reactions == ("confused",)
    assert incident(gate) == before
    assert "You cannot " in remarks(gate)[-1]
    assert "not listed in the policy" in remarks(gate)[-1]
    (entry,) = trail(gate, "command.refused")
    assert (entry.actor, entry.reason) == (login, "not_eligible")


def test_a_stranger_gets_a_reaction_and_no_words(gate: Gate) -> None:
    """On a public repository anybody may write below the issue; the record says what was asked."""
    red(gate)
    before = incident(gate)
    assert say(gate, "erin", "/ack").reactions == ("confused",)
    assert incident(gate) == before
    assert remarks(gate) == []
    (entry,) = trail(gate, "command.refused")
    assert (entry.actor, entry.reason) == ("erin", "not_eligible")


def test_deciding(gate: Gate) -> None:
    """The decision and its reason stand in the issue."""
    red(gate)
    assert say(gate, "carol", "/decide rollback it leaks").reactions == ("rocket",)
    assert incident(gate).course is Course.ROLLBACK
    assert "- [x] Decided by carol" in issue(gate).body
    assert "it leaks" in issue(gate).body


def tick(gate: Gate, step: str) -> None:
    """Click a box of the issue as dave."""
    body = issue(gate).body
    assert f"- [ ] {step}" in body
    gate.github.edit_issue(REPOSITORY, 1, body.replace(f"- [ ] {step}", f"- [x] {step}"), "dave")
    gate.settle()


def test_what_people_tick_stays_ticked(gate: Gate) -> None:
    """The gate ticks what it knows, leaves what people ticked, and takes no tick for a command."""
    red(gate)
    tick(gate, "Investigate failed assertions")
    tick(gate, "Acknowledge by ")
    say(gate, "carol", "/decide rollback it leaks")
    assert "- [x] Investigate failed assertions" in issue(gate).body
    assert "- [ ] Review production validation logs" in issue(gate).body
    assert "- [x] Acknowledged by carol" in issue(gate).body
    tick(gate, "Do it: rollback")
    green(gate)
    assert issue(gate).state == "closed"
    assert "- [x] Investigate failed assertions" in issue(gate).body
    assert "- [x] Do it: rollback" in issue(gate).body
    assert "- [ ] Review production validation logs" in issue(gate).body
    assert "- [x] The validation passed, 20" in issue(gate).body


def test_a_tick_acknowledges_nothing(gate: Gate) -> None:
    """Nobody knows by it who looks after the incident."""
    red(gate)
    tick(gate, "Acknowledge by ")
    red(gate)
    assert "- [ ] Acknowledge by " in issue(gate).body
    assert incident(gate).acknowledged is None


def test_accepting_the_risk_ends_it(gate: Gate) -> None:
    """The issue is closed with a summary."""
    red(gate)
    say(gate, "carol", "/decide accept-risk only a test device")
    assert incident(gate).how is Resolution.RISK_ACCEPTED
    assert (issue(gate).state, issue(gate).state_reason) == ("closed", "completed")
    assert "**Resolved after" in remarks(gate)[-1]
    assert "only a test device" in remarks(gate)[-1]


def test_resolving(gate: Gate) -> None:
    """A person may end it by hand, and says why; what is said after the end is refused."""
    red(gate)
    say(gate, "carol", "/resolve a false alarm")
    assert incident(gate).how is Resolution.BY_HAND
    assert issue(gate).state == "closed"
    assert say(gate, "carol", "/decide rollback now").reactions == ("confused",)
    assert [entry.reason for entry in trail(gate, "command.refused")] == ["incident_over"]


def test_silencing(gate: Gate) -> None:
    """It lasts as long as was asked."""
    red(gate)
    say(gate, "carol", "/silence 4h we know")
    until = incident(gate).silenced_until
    assert until is not None
    left = until - gate.service.deps.clock()
    assert timedelta(hours=3, minutes=59) < left <= timedelta(hours=4)


def test_a_green_validation_closes_the_issue(gate: Gate) -> None:
    """One comment sums it up; nothing more is said later."""
    red(gate)
    say(gate, "dave", "/ack")
    gate.advance(minutes=30)
    green(gate)
    assert issue(gate).state == "closed"
    (summary,) = remarks(gate)
    assert "by dave" in summary
    assert "the validation passed" in summary
    assert "**Resolved** —" in issue(gate).body
    gate.advance(hours=5)
    assert len(remarks(gate)) == 1


def test_flapping_reopens_the_same_issue(gate: Gate) -> None:
    """Red again within the hour is the same incident, in the same issue."""
    red(gate)
    green(gate)
    gate.advance(minutes=20)
    red(gate)
    assert issue(gate).state == "open"
    assert ["Resolved after" in it or "Reopened" in it for it in remarks(gate)] == [True, True]
    green(gate)
    assert issue(gate).state == "closed"
    gate.advance(hours=2)
    red(gate)
    assert [it.state for it in issues(gate)] == ["closed", "open"]


def test_assigning_acknowledges(gate: Gate) -> None:
    """Whoever assigns has seen it; one who may not, has not."""
    red(gate)
    gate.github.assign_issue(REPOSITORY, 1, "erin")
    gate.settle()
    assert incident(gate).acknowledged is None
    assert [entry.reason for entry in trail(gate, "command.refused")] == ["not_eligible"]
    gate.github.assign_issue(REPOSITORY, 1, "dave", "erin")
    gate.settle()
    word = incident(gate).acknowledged
    assert word is not None
    assert word.actor == "dave"


def test_closing_by_hand_ends_nothing(gate: Gate) -> None:
    """The issue is opened again, and it is said once why."""
    red(gate)
    for _ in range(2):
        gate.github.close_issue(REPOSITORY, 1, "dave")
        gate.settle()
        assert issue(gate).state == "open"
    assert ["does not resolve the incident" in it for it in remarks(gate)] == [True]
    assert incident(gate).is_open


def test_a_bot_that_closes_is_left_alone(gate: Gate) -> None:
    """Two programs do not quarrel about an issue."""
    red(gate)
    gate.github.world.account("stale[bot]", "Bot")
    gate.github.close_issue(REPOSITORY, 1, "stale[bot]")
    gate.settle()
    assert issue(gate).state == "closed"
    assert remarks(gate) == []


def test_an_issue_reopened_after_the_end_stays(gate: Gate) -> None:
    """People may go on talking in it; the incident is over."""
    red(gate)
    green(gate)
    gate.github.reopen_issue(REPOSITORY, 1, "dave")
    gate.settle()
    over = incident(gate)
    assert not over.is_open
    now, repository_id = gate.service.deps.clock(), over.place.repository_id
    gate.service.database.transact(
        lambda tx: incident_issues.mark_issue(tx, over.id, repository_id, now)
    )
    gate.settle()
    assert issue(gate).state == "open"


def test_closing_and_reopening_by_hand(gate: Gate) -> None:
    """Whoever thinks better of it is told nothing."""
    red(gate)
    gate.github.close_issue(REPOSITORY, 1, "dave")
    gate.github.reopen_issue(REPOSITORY, 1, "dave")
    gate.settle()
    assert issue(gate).state == "open"
    assert remarks(gate) == []


def test_help_once_for_unknown_commands(gate: Gate) -> None:
    """The first one is answered; others may be for other Apps."""
    red(gate)
    assert say(gate, "dave", "/assign @erin").reactions == ("confused",)
    assert say(gate, "dave", "/retest").reactions == ()
    assert ["Unknown command" in it for it in remarks(gate)] == [True]
    assert say(gate, "dave", "/help").reactions == ("eyes",)
    assert "/silence" in remarks(gate)[-1]


def test_a_slip_is_answered(gate: Gate) -> None:
    """What is wrong with a command is said each time."""
    red(gate)
    assert say(gate, "carol", "/decide later").reactions == ("confused",)
    assert say(gate, "carol", "/silence 9d why").reactions == ("confused",)
    assert say(gate, "carol", "/resolv it").reactions == ("confused",)
    assert len(remarks(gate)) == 3


def test_other_issues_are_left_alone(gate: Gate) -> None:
    """On an issue that is no incident's nothing but an override is for the gate."""
    red(gate)
    number = gate.github.open_issue(REPOSITORY, "Something else")
    for text in ("/ack", "/decide rollback x", "/resolv it", "/retest", "/decide"):
        assert say(gate, "carol", text, number).reactions == ()
    assert remarks(gate, number) == []
    assert say(gate, "carol", "/overrid 1", number).reactions == ("confused",)


def test_bots_do_not_count(gate: Gate) -> None:
    """However much a bot may do in the repository."""
    red(gate)
    gate.github.world.account("robot", "Bot")
    gate.github.set_role(REPOSITORY, "robot", "admin")
    assert say(gate, "robot", "/ack").reactions == ()
    assert incident(gate).acknowledged is None


@pytest.mark.parametrize("via", [True, False])
def test_the_gate_does_not_obey_itself(gate: Gate, via: bool) -> None:
    """Its comments show commands; they are told by the account that wrote them, not by its name."""
    red(gate)
    app_id = gate.github.world.app(None).id if via else None
    for text in ("/ack", "/resolve it is over", "/help"):
        number = gate.github.comment_on_issue(REPOSITORY, 1, BOT, text, app_id)
        gate.settle()
        (own,) = [it for it in gate.github.comments(REPOSITORY, 1) if it.id == number]
        assert own.reactions == ()
    assert incident(gate).acknowledged is None
    assert len(remarks(gate)) == 3
    gate.github.set_role(REPOSITORY, "deployment-gate", "write")
    assert say(gate, "deployment-gate", "/ack").reactions == ("rocket",)


def test_what_people_copy_works(gate: Gate) -> None:
    """Commands on the issue and in answers are commands again where somebody pastes them."""
    red(gate)
    check_commands(issue(gate).body)
    assert invisible(issue(gate).body) == []
    assert "/decide fix-forward <why>" in code_spans(issue(gate).body)
    assert say(gate, "carol", "/decide fix-forward").reactions == ("confused",)
    (answer,) = remarks(gate)
    assert shown(answer).startswith("Not done: give a reason. Usage: /decide fix-forward <why>")
    check_commands(answer)
    assert invisible(answer) == []
    pasted = code_spans(answer)[0].replace("<why>", "it leaks").replace("/", "/\u200b")
    assert say(gate, "carol", f"\ufeff{pasted}\u00a0").reactions == ("rocket",)
    assert incident(gate).course is Course.FIX_FORWARD


@pytest.mark.parametrize("faults", [[], [WebhookFault("reorder", event="issue_comment", count=2)]])
def test_edited_comments_do_not_count(gate: Gate, faults: list[WebhookFault]) -> None:
    """Not even when the gate hears of the change first."""
    red(gate)
    for fault in faults:
        gate.github.add_webhook_fault(fault)
    comment = gate.github.comment_on_issue(REPOSITORY, 1, "carol", "/resolve it is fine")
    gate.github.edit_comment(REPOSITORY, comment, "/resolve it is really fine", "carol")
    gate.settle()
    gate.github.clear_faults()
    assert incident(gate).is_open
    assert [it.reason for it in trail(gate, "command.refused")] == ["withdrawn"] * (not faults)
    assert say(gate, "carol", "/resolve it is fine").reactions == ("rocket",)


def test_a_comment_edited_while_its_author_is_looked_up(gate: Gate) -> None:
    """It is judged as it stands when it would be done."""
    red(gate)

    def edit(place: str) -> None:
        if place == "speaker_known":
            (comment,) = gate.github.comments(REPOSITORY, 1)
            gate.github.edit_comment(REPOSITORY, comment.id, "never mind", "carol")
            gate.ingest_deliveries()

    gate.failpoint = edit
    assert say(gate, "carol", "/resolve it is fine").reactions == ("confused",)
    assert incident(gate).is_open


def test_an_override_is_told_on_the_issue(gate: Gate) -> None:
    """Who let what go on, and why."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    red(gate)
    gate.advance(seconds=5)
    say(gate, "carol", f"/override {run_id} I accept the risk: the failing device is retired")
    assert [answer.state for answer in gate.answers(run_id)] == ["approved"]
    assert ["**Override**" in it for it in remarks(gate)] == [True]
    assert "the failing device is retired" in remarks(gate)[0]


def test_no_issue_where_the_policy_wants_none(gate: Gate) -> None:
    """The incident goes on all the same."""
    gate.github.put_file(REPOSITORY, POLICY, f"{WITH_REVIEWERS}incidents: {{issue: false}}\n")
    red(gate)
    assert issues(gate) == []
    assert incident(gate).is_open


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("applied", [True, False])
def test_no_second_issue_after_a_lost_answer(gate: Gate, times: int, applied: bool) -> None:
    """What may have been created is looked for first."""
    fault = Fault(path=r"/issues$", method="POST", times=times, status=502, apply=applied)
    gate.github.add_fault(fault)
    red(gate)
    for _ in range(8):
        gate.advance(minutes=1)
    assert len(issues(gate)) == 1
    assert say(gate, "dave", "/ack").reactions == ("rocket",)


def test_a_crash_between_creating_and_recording(gate: Gate) -> None:
    """No second issue; a command from meanwhile is not lost."""
    gate.failpoint = crash_once("issue_sent")
    with pytest.raises(Crash):
        red(gate)
    assert len(issues(gate)) == 1
    gate.restart()
    gate.github.comment_on_issue(REPOSITORY, 1, "dave", "/ack")
    gate.settle()
    assert incident(gate).acknowledged is None
    gate.advance(minutes=4)
    gate.advance(minutes=1)
    assert len(issues(gate)) == 1
    assert incident(gate).acknowledged is not None
    assert "- [x] Acknowledged by dave" in issue(gate).body


def test_crashes_between_the_steps_of_an_ending(gate: Gate) -> None:
    """The summary is written once and the issue closed, whenever the process ends."""
    red(gate)
    for _ in range(2):
        gate.failpoint = crash_once("issue_sent")
        try:
            green(gate)
        except Crash:
            gate.restart()
        gate.advance(minutes=4)
    gate.failpoint = lambda _: None
    gate.advance(minutes=4)
    assert issue(gate).state == "closed"
    assert ["**Resolved after" in it for it in remarks(gate)] == [True]


def test_a_crash_while_a_command_is_judged(gate: Gate) -> None:
    """It is done once, after the restart."""
    red(gate)
    gate.failpoint = crash_once("speaker_known")
    with pytest.raises(Crash):
        say(gate, "carol", "/decide fix-forward a small fix")
    gate.restart()
    gate.failpoint = lambda _: None
    gate.advance(minutes=4)
    assert incident(gate).course is Course.FIX_FORWARD
    assert len(trail(gate, "command.accepted")) == 1


def test_two_nodes_judge_one_command(gate: Gate) -> None:
    """When the first takes too long the second does it, and the first does nothing."""
    red(gate)
    reached: list[str] = []

    def overtake(place: str) -> None:
        if place == "speaker_known" and not reached:
            reached.append(place)
            gate.github.advance(240)
            gate.service.worker.do(Work.COMMANDS)

    gate.failpoint = overtake
    say(gate, "carol", "/decide rollback it leaks")
    assert reached
    assert len(trail(gate, "command.accepted")) == 1
    assert len(trail(gate, "incident.decided")) == 1
    assert trail(gate, "command.refused") == []


def test_a_missing_permission(gate: Gate) -> None:
    """The incident goes on without an issue, and says so; it has one once the App may.

    What has happened by then stands in the issue; nobody is told of it anew.
    """
    run_id = gate.github.deploy(REPOSITORY).run_id
    (installation,) = gate.github.world.installations.values()
    permissions = dict(installation.permissions)
    gate.github.grant(installation.id, permissions | {"issues": "read"})
    red(gate)
    assert issues(gate) == []
    assert incident(gate).is_open
    assert [entry.reason for entry in trail(gate, "issue.refused")] == ["permission_missing"]
    gate.advance(hours=1, minutes=1)
    assert len(trail(gate, "issue.refused")) == 1
    number = gate.github.open_issue(REPOSITORY, "We need this")
    say(
        gate,
        "carol",
        f"/override {run_id} I accept the risk: the failing device is retired",
        number,
    )
    gate.github.grant(installation.id, permissions)
    gate.advance(hours=1, minutes=1)
    assert [it.author for it in issues(gate)] == ["developer", BOT]
    assert "overrode the hold on [a deployment]" in issues(gate)[1].body
    assert remarks(gate, 2) == []


def test_disabled_issues(gate: Gate) -> None:
    """The doctor is told which repository it is, and why; no command is waited for."""
    gate.github.enable_issues(REPOSITORY, enabled=False)
    red(gate)
    repository_id = incident(gate).place.repository_id
    refused, is_opening = gate.service.database.read(
        lambda it: (
            incident_issues.refused_issues(it),
            incident_issues.is_opening(it, repository_id),
        )
    )
    assert refused == [(repository_id, "issues_disabled")]
    assert not is_opening
    findings = [it.found for it in examine(gate.settings, gate.service.deps.clock)]
    assert "GitHub refuses it: issues_disabled" in findings
    green(gate)
    assert gate.service.database.read(incident_issues.refused_issues) == []


def test_an_issue_that_cannot_be_closed(gate: Gate) -> None:
    """It is tried for a day after the end, then no more."""
    red(gate)
    gate.github.enable_issues(REPOSITORY, enabled=False)
    green(gate)
    assert attempts(gate) == 1
    for _ in range(30):
        gate.advance(hours=1, minutes=1)
    assert attempts(gate) == 25
    assert len(trail(gate, "issue.refused")) == 1


def attempts(gate: Gate) -> int:
    """Count the writes to the incident's issue that GitHub has refused."""
    calls = gate.github.requests()
    return sum(it.method != "GET" and "/issues/1" in it.path and it.status == 410 for it in calls)


def test_a_listing_that_lags(gate: Gate) -> None:
    """An issue that is not to be seen yet may be there all the same."""
    gate.github.add_fault(Fault(path=r"/issues$", method="POST", times=1, status=502, apply=True))
    gate.github.add_fault(Fault(path=r"/issues$", method="GET", times=1, status=200, body="[]"))
    red(gate)
    for _ in range(12):
        gate.advance(seconds=5)
    assert len(issues(gate)) == 1
    assert say(gate, "dave", "/ack").reactions == ("rocket",)


def test_github_is_away_while_somebody_is_looked_up(gate: Gate) -> None:
    """The command waits; it is not lost."""
    red(gate)
    gate.github.add_fault(Fault(path="/collaborators/", status=502))
    assert say(gate, "dave", "/ack").reactions == ()
    gate.github.clear_faults()
    gate.advance(minutes=1)
    assert incident(gate).acknowledged is not None


def test_the_real_worker_does_it_by_itself(gate: Gate) -> None:
    """Nobody calls the parts one by one there."""
    worker = gate.service.worker
    worker.start()
    try:
        gate.validate(REPOSITORY, "failure")
        wait_for(lambda: issues(gate), "the issue")
        wait_for(
            lambda: gate.service.database.read(
                lambda it: incidents.incident_of_issue(it, incident(gate).place.repository_id, 1)
            ),
            "its number",
        )
        gate.github.comment_on_issue(REPOSITORY, 1, "dave", "/ack")
        wait_for(lambda: "Acknowledged by dave" in issue(gate).body, "the acknowledgement")
    finally:
        worker.stop()
