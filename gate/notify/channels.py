"""Create the configured alert channels, and report the problems of those that cannot be created.

A misconfigured channel does not stop the gate or the other channels: holding deployments matters
more than alerting. The log reports it at start, and `gate doctor` whenever it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from gate.domain.model.alert import Channel
from gate.errors import ConfigError
from gate.log import get_logger
from gate.notify.notifier import GuardedNotifier, Notifier
from gate.settings import Settings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that can be used, and the problems of the others."""

    notifiers: Mapping[Channel, Notifier]
    problems: Mapping[Channel, tuple[str, ...]]


def create_notifiers(settings: Settings) -> dict[Channel, Notifier]:
    """Create each channel that is configured correctly, and log the misconfigured ones."""
    channels = read_channels(settings)
    for channel, problems in channels.problems.items():
        log.error("channel.misconfigured", channel=channel.value, problems=list(problems))
    return dict(channels.notifiers)


def read_channels(settings: Settings) -> Channels:
    """Try to create each channel; a channel without any variable is in neither list."""
    notifiers: dict[Channel, Notifier] = {}
    problems: dict[Channel, tuple[str, ...]] = {}
    for channel, create in _CREATORS.items():
        try:
            notifier = create(settings)
        except ConfigError as error:
            problems[channel] = error.problems
        else:
            if notifier is not None:
                notifiers[channel] = GuardedNotifier(notifier)
    return Channels(notifiers, problems)


def _create_slack(settings: Settings) -> Notifier | None:
    url = _text(settings.slack_webhook_url)
    if not url:
        return None
    from gate.notify.slack.slack import SlackNotifier

    return SlackNotifier(url)


def _create_mail(settings: Settings) -> Notifier | None:
    url = _text(settings.smtp_url)
    if not (url or settings.alert_email_from or settings.alert_email_to):
        return None
    from gate.notify.mail.mail import MailNotifier
    from gate.notify.mail.mailbox import read_mailbox

    return MailNotifier(
        read_mailbox(url, settings.alert_email_from, settings.alert_email_to, settings.public_url)
    )


def _create_webhook(settings: Settings) -> Notifier | None:
    url, secret = _text(settings.alert_webhook_url), _text(settings.alert_webhook_secret)
    if not (url or secret):
        return None
    if not url:
        raise ConfigError(("GATE_ALERT_WEBHOOK_SECRET is set, but GATE_ALERT_WEBHOOK_URL is not",))
    from gate.notify.webhook.webhook import WebhookNotifier

    return WebhookNotifier(url, secret)


def _create_apprise(settings: Settings) -> Notifier | None:
    urls = _text(settings.notify_urls)
    if not urls:
        return None
    from gate.notify.apprise import AppriseNotifier

    return AppriseNotifier(urls)


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret is not None else ""


_CREATORS: Final[Mapping[Channel, Callable[[Settings], Notifier | None]]] = {
    Channel.SLACK: _create_slack,
    Channel.EMAIL: _create_mail,
    Channel.WEBHOOK: _create_webhook,
    Channel.NOTIFY: _create_apprise,
}
