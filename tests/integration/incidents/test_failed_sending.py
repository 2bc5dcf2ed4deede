"""Alerts that the channel does not accept, or that the gate could not record as sent."""

from __future__ import annotations

import pytest

from tests.integration.incidents.incident_steps import act, heard, summaries, timeline
from tests.support.alert_receiver import Receiver, Reply
from tests.support.crashes import Crash, crash_once
from tests.support.harness import REPOSITORY, Gate


def test_a_channel_that_was_down_is_told_once_how_things_stand(
    gate: Gate, receiver: Receiver
) -> None:
    """As loud as what it missed; restarts in between do not matter."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(6):
        gate.restart()
        gate.advance(minutes=10)
    before = len(receiver.received)
    receiver.reply = Reply()
    gate.advance(minutes=6)
    assert len(receiver.received) == before + 1
    alert = heard(receiver)[-1]
    assert summaries(receiver)[-1] == "incident/1/escalation/decide"
    assert alert["severity"] == "critical"
    gate.advance(minutes=30)
    assert len(receiver.received) == before + 1


def test_what_was_over_before_the_channel_came_back_is_told_as_over(
    gate: Gate, receiver: Receiver
) -> None:
    """Nobody is called for it any more."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    receiver.reply = Reply()
    receiver.received.clear()
    gate.advance(minutes=10)
    assert summaries(receiver) == ["incident/1/recovery/1"]
    assert heard(receiver)[0]["severity"] == "info"


def test_a_refused_alert_is_tried_once_more(gate: Gate, receiver: Receiver) -> None:
    """Then the timeline says that it is lost; what comes later is tried all the same."""
    receiver.reply = Reply(422)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.advance(minutes=10)
    assert len(receiver.received) == 2
    assert timeline(gate)[:2] == ["opened", "alert_lost"]
    receiver.reply = Reply()
    gate.advance(minutes=6)
    assert summaries(receiver)[-1] == "incident/1/escalation/acknowledge"


def test_an_alert_whose_outcome_was_not_recorded_comes_again_under_its_key(
    gate: Gate, receiver: Receiver
) -> None:
    """Twice rather than never, and once only after it is on record."""
    gate.failpoint = crash_once("alerted")
    gate.validate(REPOSITORY, "failure")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.settle()
    assert summaries(receiver) == ["incident/1/page"]
    gate.advance(minutes=3, seconds=1)
    gate.advance(minutes=3, seconds=1)
    assert summaries(receiver) == ["incident/1/page"] * 2
    assert timeline(gate) == ["opened", "alerted"]


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(504), Reply(drop=True)])
def test_a_page_is_tried_by_time_and_not_by_count(
    gate: Gate, receiver: Receiver, reply: Reply
) -> None:
    """A receiver that is ill for five minutes gets it then, and nobody says "alerted" before."""
    receiver.reply = reply
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(10):
        gate.advance(seconds=30)
    tries = len(receiver.received)
    assert 4 <= tries <= 6
    assert timeline(gate) == ["opened"]
    gate.restart()
    receiver.reply = Reply()
    gate.advance(minutes=5)
    assert summaries(receiver)[tries] == "incident/1/page"
    assert timeline(gate) == ["opened", "alerted"]
    gate.advance(minutes=1)
    assert len(receiver.received) == tries + 1


def test_a_page_is_not_repeated_once_somebody_came(gate: Gate, receiver: Receiver) -> None:
    """A receiver that takes each one and fails afterwards is not called all night."""
    receiver.reply = Reply(502)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    act(gate, "acknowledged")
    tries = len(receiver.received)
    gate.advance(minutes=40)
    assert len(receiver.received) == tries


def test_a_page_that_nobody_takes_for_a_day_is_lost_on_record(
    gate: Gate, receiver: Receiver
) -> None:
    """It is no news any more; the timeline names it, and the reminders go on."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(50):
        gate.advance(minutes=30)
    assert "alert_lost" in timeline(gate)
    assert "alerted" not in timeline(gate)
    receiver.reply = Reply()
    gate.advance(hours=4)
    assert timeline(gate)[-1] == "alerted"


def test_a_try_that_never_ended_says_so_in_the_next(gate: Gate, receiver: Receiver) -> None:
    """The process dies while it sends: the message may have arrived."""

    def die(place: str) -> None:
        if place == "alerted":
            raise KeyboardInterrupt

    gate.failpoint = die
    gate.validate(REPOSITORY, "failure")
    with pytest.raises(KeyboardInterrupt):
        gate.settle()
    gate.failpoint = lambda _: None
    gate.restart()
    gate.advance(minutes=4)
    assert summaries(receiver) == ["incident/1/page", "incident/1/page"]
    assert timeline(gate) == ["opened", "alerted"]
