"""What the issue of an incident contains, and what it links."""

from __future__ import annotations

from gate.store.incidents import incidents
from tests.integration.incidents.issue.issue_steps import (
    BOT,
    POLICY,
    WITH_REVIEWERS,
    green,
    incident,
    issue,
    issues,
    red,
    remarks,
    say,
    trail,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, wait_for


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
    tick(gate, "Carry out the decision: rollback")
    green(gate)
    assert issue(gate).state == "closed"
    assert "- [x] Investigate failed assertions" in issue(gate).body
    assert "- [x] Carry out the decision: rollback" in issue(gate).body
    assert "- [ ] Review production validation logs" in issue(gate).body
    assert "- [x] The validation passed, 20" in issue(gate).body


def test_a_tick_acknowledges_nothing(gate: Gate) -> None:
    """Nobody knows by it who looks after the incident."""
    red(gate)
    tick(gate, "Acknowledge by ")
    red(gate)
    assert "- [ ] Acknowledge by " in issue(gate).body
    assert incident(gate).acknowledged is None


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
