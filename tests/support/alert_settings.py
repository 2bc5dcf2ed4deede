"""The settings of a gate, with whatever alert channels a test wants."""

from __future__ import annotations

from gate.settings import Settings, load_settings
from tests.support.keys import make_key_pair


def environ(**variables: str) -> dict[str, str]:
    """Return the variables that are enough to start, and these; names are without their prefix."""
    return {
        "GATE_GITHUB_APP_ID": "12345",
        "GATE_GITHUB_PRIVATE_KEY": make_key_pair()[0],
        "GATE_GITHUB_WEBHOOK_SECRET": "hush-hush-hush-hush",
        **{f"GATE_{name}": value for name, value in variables.items()},
    }


def settings_with(**variables: str) -> Settings:
    """Load settings with these variables, reading no file."""
    return load_settings(environ(**variables), env_file=None)


MAIL = {
    "SMTP_URL": "smtps://mona:s3cret@mail.example.com",
    "ALERT_EMAIL_FROM": "gate@example.com",
    "ALERT_EMAIL_TO": "oncall@example.com",
}
ALL = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/s3cret",
    **MAIL,
    "ALERT_WEBHOOK_URL": "https://alerts.example.com/gate",
    "ALERT_WEBHOOK_SECRET": "s3cret",
    "NOTIFY_URLS": "json://127.0.0.1/s3cret jsons://alerts.example.com/",
}
"""Every variable of every channel, as it should be."""
