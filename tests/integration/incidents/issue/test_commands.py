"""The other commands below an issue: which ones count, and how the gate replies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.model.course import Course
from gate.simulator.faults import Fault, WebhookFault
from tests.integration.incidents.issue.issue_steps import (
    BOT,
    incident,
    issue,
    red,
    remarks,
    say,
    trail,
)
from tests.support.harness import REPOSITORY, Gate
from tests.support.markdown import check_commands, code_spans, invisible, shown


def test_deciding(gate: Gate) -> None:
    """The decision and its reason stand in the issue."""
    red(gate)
    assert say(gate, "carol", "/decide rollback it leaks").reactions == ("rocket",)
    assert incident(gate).course is Course.ROLLBACK
    assert "- [x] Decided by carol" in issue(gate).body
    assert "it leaks" in issue(gate).body


def test_silencing(gate: Gate) -> None:
    """It lasts as long as was asked."""
    red(gate)
    say(gate, "carol", "/silence 4h we know")
    until = incident(gate).silenced_until
    assert until is not None
    left = until - gate.service.deps.clock()
    assert timedelta(hours=3, minutes=59) < left <= timedelta(hours=4)


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
        if place == "commenter_known":
            (comment,) = gate.github.comments(REPOSITORY, 1)
            gate.github.edit_comment(REPOSITORY, comment.id, "never mind", "carol")
            gate.ingest_deliveries()

    gate.failpoint = edit
    assert say(gate, "carol", "/resolve it is fine").reactions == ("confused",)
    assert incident(gate).is_open


def test_github_is_away_while_somebody_is_looked_up(gate: Gate) -> None:
    """The command waits; it is not lost."""
    red(gate)
    gate.github.add_fault(Fault(path="/collaborators/", status=502))
    assert say(gate, "dave", "/ack").reactions == ()
    gate.github.clear_faults()
    gate.advance(minutes=1)
    assert incident(gate).acknowledged is not None
