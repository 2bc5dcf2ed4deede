"""One channel, several addresses: each gets an alert once, whatever becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gate.errors import ConfigError, OutcomeUnknown
from gate.notify.apprise import AppriseNotifier
from tests.support.alert_receiver import Receiver, Reply, running_receiver
from tests.support.alerts import HOSTILE, make_alert


@pytest.fixture
def other() -> Iterator[Receiver]:
    """A second receiver."""
    with running_receiver() as made:
        yield made


def address(receiver: Receiver) -> str:
    """Spell a receiver's address for Apprise."""
    return receiver.url.replace("http:", "json:")


def test_every_address_gets_it(receiver: Receiver, other: Receiver) -> None:
    """Title, severity and text."""
    AppriseNotifier(f"{address(receiver)}  {address(other)}\n").send(make_alert())

    for it in (receiver, other):
        (received,) = it.received
        sent = json.loads(received.body)
        assert sent["title"].startswith("mona/shop: production validation failed")
        assert sent["type"] == "failure"
        assert "- add-exercise.yml" in sent["message"]
        assert "https://github.com/mona/shop/actions/runs/12345" in sent["message"]


def test_who_has_it_is_spared_when_another_failed(receiver: Receiver, other: Receiver) -> None:
    """The next try is for the rest, and the one after for nobody."""
    channel = AppriseNotifier(f"{address(receiver)} {address(other)}")
    receiver.reply = Reply(500)

    with pytest.raises(OutcomeUnknown) as caught:
        channel.send(make_alert())
    assert caught.value.detail == "not confirmed by 1 (JSON)"
    receiver.reply = Reply(200)
    channel.send(make_alert())
    channel.send(make_alert())

    assert (len(receiver.received), len(other.received)) == (2, 1)


def test_another_alert_is_for_all(receiver: Receiver) -> None:
    """What is remembered is which alert was taken, not that one was."""
    channel = AppriseNotifier(address(receiver))

    channel.send(make_alert())
    channel.send(make_alert(key="incident/17/recovery"))

    assert len(receiver.received) == 2


def test_hostile_text_calls_nobody(receiver: Receiver) -> None:
    """Services read `@everyone` in plain text, too."""
    AppriseNotifier(address(receiver)).send(
        make_alert(headline=HOSTILE, event=HOSTILE, summary=HOSTILE, environment=HOSTILE)
    )

    sent = json.loads(receiver.received[0].body)
    for shown in (sent["title"], sent["message"]):
        assert "@everyone" not in shown
        assert "<!here>" not in shown
        assert "everyone" in shown
        assert "\u202e" not in shown


def test_the_address_is_in_no_message_and_no_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens of services are parts of their addresses."""
    receiver.reply = Reply(500, b"s3cret")

    with pytest.raises(OutcomeUnknown) as caught:
        AppriseNotifier(address(receiver)).send(make_alert())

    assert "s3cret" not in str(caught.value)
    assert caplog.text == ""


def test_what_apprise_cannot_read_is_a_problem(receiver: Receiver) -> None:
    """Each is named by its place; the others are not sent to, as the channel is not there."""
    with pytest.raises(ConfigError) as caught:
        AppriseNotifier(f"s3cret {address(receiver)} klingon://s3cret")

    assert [it.split()[-1] for it in caught.value.problems] == ["1", "3"]
    assert all(it.startswith("GATE_NOTIFY_URLS") for it in caught.value.problems)
    assert "s3cret" not in str(caught.value)
