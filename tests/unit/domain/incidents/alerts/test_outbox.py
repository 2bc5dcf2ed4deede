"""What a channel is told of what it is owed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.outbox import (
    TRIED_FOR,
    Owed,
    choose_delivery,
    is_answered,
    is_expired,
    pause_before_repeat,
)
from gate.domain.incidents.alerts.plan import Message
from gate.domain.model.alert import Alert, AlertKind, Severity
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.builders.defaults import NOW, TICK
from tests.support.incidents import make_incident

SUBJECT = AlertSubject("acme/shop", "https://gate.example/1", "https://gate.example", ())
LATER = timedelta(minutes=5)


def owed(topic: str, wait: timedelta = timedelta(0)) -> Owed:
    """A message that may be tried after a wait."""
    critical = topic in {"page", "bypass"}
    message = Message(
        topic,
        AlertKind.PAGE if critical else AlertKind(topic),
        Severity.CRITICAL if critical else Severity.WARNING,
    )
    alert: Alert = render_alert(make_incident(), message, AlertPolicy(), SUBJECT, NOW)
    return Owed(with_kind(alert, topic), NOW + wait)


def with_kind(alert: Alert, topic: str) -> Alert:
    """Make the alert of the kind that its topic names."""
    return replace(alert, kind=AlertKind(topic))


def told(*waiting: Owed) -> tuple[str, tuple[str, ...]] | None:
    """Which message goes now, and which it makes superfluous."""
    delivery = choose_delivery(waiting, NOW)
    if delivery is None:
        return None
    return topic(delivery.alert.key), tuple(topic(key) for key in delivery.superseded)


def topic(key: str) -> str:
    """The last part of a key."""
    return key.rpartition("/")[2]


def test_nothing_owed_is_nothing_told() -> None:
    """There may be rows that another node has just settled."""
    assert told() is None


def test_the_newest_message_stands_for_all() -> None:
    """However long the older ones would have to wait."""
    assert told(owed("page", LATER), owed("reminder")) == ("reminder", ("page",))


def test_a_message_that_must_wait_holds_back_the_older_ones() -> None:
    """Or else the older one would be told after the newer."""
    assert told(owed("page"), owed("reminder", LATER)) is None


def test_a_bypass_is_told_by_itself() -> None:
    """Before the rest, and makes nothing superfluous."""
    assert told(owed("page"), owed("bypass"), owed("reminder")) == ("bypass", ())


def test_a_bypass_that_must_wait_holds_up_nothing() -> None:
    """Nor is it held up by the rest."""
    assert told(owed("page"), owed("bypass", LATER)) == ("page", ())
    assert told(owed("bypass"), owed("page", LATER)) == ("bypass", ())
    assert told(owed("bypass", LATER)) is None


@pytest.mark.parametrize(
    ("kind", "answered"),
    [
        (AlertKind.PAGE, True),
        (AlertKind.ESCALATION, True),
        (AlertKind.UPDATE, False),
        (AlertKind.REMINDER, False),
        (AlertKind.RECOVERY, False),
        (AlertKind.BYPASS, False),
    ],
)
def test_what_an_acknowledgement_answers(kind: AlertKind, *, answered: bool) -> None:
    """Only what calls somebody, and only once somebody came."""
    alert = with_kind(owed("page").alert, kind.value)
    assert is_answered(alert, is_acknowledged=True) is answered
    assert is_answered(alert, is_acknowledged=False) is False


def test_how_long_a_message_is_tried() -> None:
    """For a day from when it was planned."""
    alert = owed("page").alert
    assert not is_expired(alert, NOW + TRIED_FOR - TICK)
    assert is_expired(alert, NOW + TRIED_FOR)


def test_pauses_before_a_repeat_grow() -> None:
    """They double from a quarter of a minute up to half an hour, whatever the count."""
    pauses = [pause_before_repeat(tries).total_seconds() for tries in (1, 2, 3, 8, 9, 500)]
    assert pauses == [15, 30, 60, 1800, 1800, 1800]
    total = sum(pause_before_repeat(tries).total_seconds() for tries in range(1, 60))
    assert total > TRIED_FOR.total_seconds()
