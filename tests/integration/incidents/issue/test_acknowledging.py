"""Who can acknowledge an incident in its issue, and who is refused."""

from __future__ import annotations

import pytest

from gate.simulator.faults import Fault
from tests.integration.incidents.issue.issue_steps import (
    POLICY,
    incident,
    issue,
    red,
    remarks,
    say,
    trail,
)
from tests.support.harness import REPOSITORY, Gate


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
