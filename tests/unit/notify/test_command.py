"""`gate notify test` sends what is plainly a test, and says what came back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gate.cli import gate
from tests.support.alert_receiver import Receiver, Reply
from tests.support.alert_settings import MAIL, environ


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of whoever runs the tests is read."""
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, **variables: str) -> Result:
    """Run the command with these variables."""
    return CliRunner(env=environ(**variables)).invoke(gate, ["notify", "test", *arguments])


def test_a_test_alert_says_that_it_is_one(receiver: Receiver) -> None:
    """Whoever gets it need not wonder; nobody is called."""
    done = run("slack", SLACK_WEBHOOK_URL=receiver.url)

    assert (done.exit_code, done.output) == (0, "ok   slack: taken\n")
    message = json.loads(receiver.received[0].body)
    assert message["text"].startswith("Test alert from Deployment Gate: nothing failed.")
    assert "<!channel>" not in str(message)
    assert "<!here>" not in str(message)


def test_programs_see_a_test_too(receiver: Receiver) -> None:
    """By its key, its event and its severity."""
    run(ALERT_WEBHOOK_URL=receiver.url, ALERT_WEBHOOK_SECRET="x")

    (received,) = receiver.received
    sent = json.loads(received.body)
    assert received.headers["x-gate-delivery"].startswith("test/webhook/")
    assert "Test Alert" in sent["event"]
    assert (sent["severity"], sent["failedFlows"]) == ("info", [])


def test_each_channel_has_its_line(receiver: Receiver) -> None:
    """One that fails does not keep the others from being tried."""
    receiver.reply = Reply(404, b"no_service")
    done = run(
        SLACK_WEBHOOK_URL=receiver.url,
        ALERT_WEBHOOK_URL="https://alerts.example.com/",
        NOTIFY_URLS=receiver.url.replace("http:", "json:"),
        ALERT_EMAIL_TO=MAIL["ALERT_EMAIL_TO"],
    )

    lines = done.output.splitlines()
    assert done.exit_code == 1
    assert lines[0].startswith(
        "fail slack: channel_refused: Slack answered 404 no_service: the webhook was deleted"
    )
    assert lines[1].startswith("fail email: GATE_SMTP_URL is not set")
    assert lines[2].startswith("fail webhook: GATE_ALERT_WEBHOOK_SECRET is not set")
    assert lines[3] == "fail notify: outcome_unknown: not confirmed by 1 (JSON)"
    assert len(lines) == 4


def test_one_channel_can_be_tried_alone(receiver: Receiver) -> None:
    """The others are left in peace."""
    done = run("webhook", ALERT_WEBHOOK_URL=receiver.url, ALERT_WEBHOOK_SECRET="x", NOTIFY_URLS="?")

    assert (done.exit_code, done.output) == (0, "ok   webhook: taken\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["email"], "email is not configured"),
        (["pigeon"], "'pigeon' is not one of 'slack', 'email', 'webhook', 'notify'"),
    ],
)
def test_what_is_not_configured_is_a_usage_error(
    receiver: Receiver, arguments: list[str], said: str
) -> None:
    """Exit status 2, and nothing is sent."""
    done = run(*arguments, SLACK_WEBHOOK_URL=receiver.url)

    assert done.exit_code == 2
    assert said in done.output
    assert receiver.received == []


def test_without_any_channel_there_is_nothing_to_try() -> None:
    """It is not taken for a success."""
    done = run()

    assert done.exit_code == 2
    assert "no alert channel is configured" in done.output
