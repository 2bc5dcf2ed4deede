"""A channel that is configured wrongly is told of, and stops neither the gate nor the others."""

from __future__ import annotations

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from gate.doctor import Finding, Level, examine
from gate.domain.model.alert import Channel
from gate.notify import create_notifiers
from gate.notify.channels import read_channels
from tests.support.alert_settings import ALL, MAIL, environ, settings_with
from tests.support.ports import unused_port

WRONG = {
    Channel.SLACK: {"SLACK_WEBHOOK_URL": "http://hooks.slack.com/s3cret"},
    Channel.EMAIL: {**MAIL, "ALERT_EMAIL_TO": "s3cret"},
    Channel.WEBHOOK: {"ALERT_WEBHOOK_URL": "https://alerts.example.com/s3cret"},
    Channel.NOTIFY: {"NOTIFY_URLS": "klingon://s3cret"},
}


def findings(tmp_path: Path, **variables: str) -> list[Finding]:
    """Have the doctor look at the settings, until it comes to GitHub."""
    settings = settings_with(
        **variables,
        DATABASE_URL=f"sqlite:///{tmp_path / 'no.db'}",
        GITHUB_API_URL=f"http://127.0.0.1:{unused_port()}",
    )
    found = takewhile(lambda it: it.what not in {"App", "clock"}, examine(settings))
    return [it for it in found if it.what.startswith("alerts")]


def test_without_settings_there_is_no_channel() -> None:
    """A gate needs none."""
    assert create_notifiers(settings_with()) == {}
    assert read_channels(settings_with()).problems == {}


def test_every_channel_can_be_configured() -> None:
    """Each is found under its own name."""
    notifiers = create_notifiers(settings_with(**ALL))

    assert {channel: it.channel for channel, it in notifiers.items()} == {it: it for it in Channel}


@pytest.mark.parametrize("channel", Channel)
def test_a_wrong_channel_is_logged_and_left_out(channel: Channel) -> None:
    """The others work; no value is repeated."""
    with capture_logs([structlog.contextvars.merge_contextvars]) as entries:
        notifiers = create_notifiers(settings_with(**{**ALL, "ALERT_WEBHOOK_SECRET": ""}))
        only_wrong = create_notifiers(settings_with(**WRONG[channel]))

    assert set(notifiers) == {Channel.SLACK, Channel.EMAIL, Channel.NOTIFY}
    assert only_wrong == {}
    assert [it["channel"] for it in entries] == ["webhook", channel.value]
    assert {(it["event"], it["log_level"]) for it in entries} == {
        ("channel.misconfigured", "error")
    }
    assert "s3cret" not in str(entries)


@pytest.mark.parametrize(
    ("variables", "channel"),
    [
        ({"SMTP_URL": MAIL["SMTP_URL"]}, Channel.EMAIL),
        ({"ALERT_EMAIL_FROM": MAIL["ALERT_EMAIL_FROM"]}, Channel.EMAIL),
        ({"ALERT_EMAIL_TO": MAIL["ALERT_EMAIL_TO"]}, Channel.EMAIL),
        ({"ALERT_WEBHOOK_URL": ALL["ALERT_WEBHOOK_URL"]}, Channel.WEBHOOK),
        ({"ALERT_WEBHOOK_SECRET": "s3cret"}, Channel.WEBHOOK),
    ],
)
def test_half_a_channel_is_a_problem(variables: dict[str, str], channel: Channel) -> None:
    """Whoever set one variable of it wants it."""
    channels = read_channels(settings_with(**variables))

    assert set(channels.problems) == {channel}
    assert channels.notifiers == {}


def test_the_doctor_says_which_channel_and_why(tmp_path: Path) -> None:
    """A failing line for each problem, and what there is that works."""
    found = findings(tmp_path, **{**ALL, **WRONG[Channel.SLACK]})

    assert [(it.level, it.what) for it in found] == [
        (Level.FAIL, "alerts by slack"),
        (Level.OK, "alerts by email"),
        (Level.OK, "alerts by webhook"),
        (Level.OK, "alerts by notify"),
    ]
    assert found[0].found.startswith("GATE_SLACK_WEBHOOK_URL")
    assert "s3cret" not in str(found)


def test_the_doctor_misses_channels(tmp_path: Path) -> None:
    """A gate that tells nobody is allowed, and rarely meant."""
    assert [(it.level, it.what) for it in findings(tmp_path)] == [(Level.WARN, "alerts")]


def test_a_start_without_channels_loads_none_of_their_libraries() -> None:
    """They cost half a second."""
    code = (
        "import sys; from gate.notify import create_notifiers; from gate.settings import"
        " load_settings; create_notifiers(load_settings(env_file=None));"
        " print({'apprise', 'slack_sdk', 'smtplib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ(), capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"
