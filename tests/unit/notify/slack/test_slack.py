"""What Slack's webhook answers ends as the error that says what to do."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest

from gate.errors import ConfigError, GateError, OutcomeUnknown, Refused, RetryLater
from gate.notify.slack.blocks import render_message
from gate.notify.slack.slack import SlackNotifier
from tests.support.alert_receiver import Receiver, Reply
from tests.support.alerts import make_alert
from tests.support.ports import unused_port


def test_the_message_is_posted_and_ok_is_ok(receiver: Receiver) -> None:
    """What arrives is the rendered message, once."""
    SlackNotifier(receiver.url).send(make_alert())

    (received,) = receiver.received
    assert json.loads(received.body) == render_message(make_alert())
    assert received.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("reply", "kind", "reason", "said"),
    [
        (Reply(400, b"invalid_blocks"), Refused, "alert_refused", "400 invalid_blocks"),
        (Reply(403, b"action_prohibited"), Refused, "channel_refused", "403 action_prohibited"),
        (Reply(404, b"no_service"), Refused, "channel_refused", "404 no_service"),
        (Reply(410, b"channel_is_archived"), Refused, "channel_refused", "410 channel_is_arch"),
        (Reply(400, b"<html>s3cret</html>"), Refused, "alert_refused", "answered 400"),
        (Reply(404, b"no_service"), Refused, "channel_refused", "deleted or disabled"),
        (Reply(410, b"channel_is_archived"), Refused, "channel_refused", "unarchive it"),
        (Reply(400, b"invalid_token"), Refused, "channel_refused", "copy it again"),
        (Reply(403, b"no_team"), Refused, "channel_refused", "workspace does not exist"),
        (Reply(400, b"invalid_payload"), Refused, "alert_refused", "cannot read the message"),
        (Reply(403, b"something_new"), Refused, "channel_refused", "403 something_new"),
        (Reply(307, b""), Refused, "channel_refused", "307; redirects are not followed"),
        (Reply(429, b"rate_limited"), RetryLater, "rate_limited", "429"),
        (Reply(503, b""), RetryLater, "channel_unavailable", "503"),
        (Reply(500, b"rollup_error"), OutcomeUnknown, "outcome_unknown", "500 rollup_error"),
        (Reply(502, b"Bad Gateway"), OutcomeUnknown, "outcome_unknown", "502"),
        (
            Reply(200, b"<html>Sign in</html>"),
            OutcomeUnknown,
            "outcome_unknown",
            "does not come from Slack",
        ),
        (Reply(200, b"\xff"), OutcomeUnknown, "outcome_unknown", "no answer"),
        (
            Reply(200, b"ok", {"Content-Type": "text/plain; charset=klingon"}),
            OutcomeUnknown,
            "outcome_unknown",
            "no answer",
        ),
        (Reply(drop=True), OutcomeUnknown, "outcome_unknown", "no answer"),
        (Reply(stall=True), OutcomeUnknown, "outcome_unknown", "no answer: TimeoutError"),
    ],
    ids=str,
)
def test_each_answer_has_its_error(
    receiver: Receiver, reply: Reply, kind: type[GateError], reason: str, said: str
) -> None:
    """Sent once, whatever comes back; the address is in no message."""
    receiver.reply = reply

    with pytest.raises(kind) as caught:
        SlackNotifier(receiver.url, timeout=1).send(make_alert())

    assert caught.value.reason == reason
    assert said in caught.value.detail
    assert "s3cret" not in str(caught.value)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ["Retry-After", "retry-after"])
@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("30", timedelta(seconds=30)),
        ("999999999999", timedelta(hours=1)),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-1", None),
        ("", None),
    ],
)
def test_slack_may_ask_for_a_pause(
    receiver: Receiver, value: str, after: timedelta | None, name: str, status: int
) -> None:
    """In seconds, and not for ever."""
    receiver.reply = Reply(status, b"", {name: value})

    with pytest.raises(RetryLater) as caught:
        SlackNotifier(receiver.url).send(make_alert())

    assert caught.value.after == after


def test_nothing_arrives_where_nobody_listens() -> None:
    """No connection: it is certain that nothing was sent."""
    with pytest.raises(RetryLater) as caught:
        SlackNotifier(f"http://127.0.0.1:{unused_port()}/s3cret").send(make_alert())

    assert caught.value.detail == "no connection: ConnectionRefusedError"


def test_the_address_is_in_no_log(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Not even where everything is logged."""
    caplog.set_level(logging.DEBUG)
    receiver.reply = Reply(drop=True)

    with pytest.raises(OutcomeUnknown):
        SlackNotifier(receiver.url).send(make_alert())

    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "hooks.slack.com/services/s3cret",
        "http://hooks.slack.com/services/s3cret",
        "https://user:s3cret@hooks.slack.com/",
        "https://hooks.slack.com/s3 cret",
        "https://hooks.slack.com:99999/s3cret",
        "https:///s3cret",
        "https://[s3cret",
        "ftp://s3cret",
    ],
)
def test_an_address_that_cannot_be_one_is_a_problem(url: str) -> None:
    """It is named by its variable; the value is not repeated."""
    with pytest.raises(ConfigError) as caught:
        SlackNotifier(url)

    assert "GATE_SLACK_WEBHOOK_URL" in str(caught.value)
    assert "s3cret" not in str(caught.value)
