"""When the issue of an incident is closed and when it is reopened, by the gate and by people."""

from __future__ import annotations

from gate.domain.incidents.events import Resolution
from gate.store.incidents import issues as incident_issues
from tests.integration.incidents.issue.issue_steps import (
    green,
    incident,
    issue,
    issues,
    red,
    remarks,
    say,
    trail,
)
from tests.support.harness import REPOSITORY, Gate


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
