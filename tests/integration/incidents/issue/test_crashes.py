"""A crash, a lost response or a second node never makes a second issue or a second reply."""

from __future__ import annotations

import pytest

from gate.domain.model.course import Course
from gate.domain.model.hints import Work
from gate.simulator.faults import Fault
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
from tests.support.crashes import Crash, crash_once
from tests.support.harness import REPOSITORY, Gate


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
    gate.failpoint = crash_once("commenter_known")
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
        if place == "commenter_known" and not reached:
            reached.append(place)
            gate.github.advance(240)
            gate.service.worker.do(Work.COMMANDS)

    gate.failpoint = overtake
    say(gate, "carol", "/decide rollback it leaks")
    assert reached
    assert len(trail(gate, "command.accepted")) == 1
    assert len(trail(gate, "incident.decided")) == 1
    assert trail(gate, "command.refused") == []


def test_a_listing_that_lags(gate: Gate) -> None:
    """An issue that is not to be seen yet may be there all the same."""
    gate.github.add_fault(Fault(path=r"/issues$", method="POST", times=1, status=502, apply=True))
    gate.github.add_fault(Fault(path=r"/issues$", method="GET", times=1, status=200, body="[]"))
    red(gate)
    for _ in range(12):
        gate.advance(seconds=5)
    assert len(issues(gate)) == 1
    assert say(gate, "dave", "/ack").reactions == ("rocket",)
