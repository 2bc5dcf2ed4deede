"""Send alerts to a Slack channel by an incoming webhook.

Slack answers `ok`, or an error whose text is a slug such as `invalid_blocks`
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). It has no
key for dropping a message that arrives twice.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.error import URLError

from slack_sdk.webhook import WebhookClient

from gate.domain.model.alert import Alert, Channel
from gate.errors import GateError, OutcomeUnknown, Refused
from gate.notify.addresses import check_web_address
from gate.notify.http_errors import answer_lost, error_of_status, never_sent
from gate.notify.slack.blocks import render_message
from gate.notify.slack.refusals import CHANNEL_WORDS, MESSAGE_WORDS

TIMEOUT: Final = 10
"""Seconds, for connecting and for each read; slack_sdk takes whole ones."""

_SLUG: Final = re.compile(r"[a-z_]{1,60}")


class SlackNotifier:
    """Post to one incoming webhook, from any thread."""

    channel: Final = Channel.SLACK

    def __init__(self, url: str, *, timeout: int = TIMEOUT) -> None:
        """Check the URL without calling it. Raises ConfigError when it is invalid."""
        self._url: Final = check_web_address("GATE_SLACK_WEBHOOK_URL", url)
        self._timeout: Final = timeout
        # slack_sdk logs the URL, which is a secret.
        logging.getLogger("slack_sdk.webhook").setLevel(logging.CRITICAL + 1)

    def send(self, alert: Alert) -> None:
        """Post the alert as one message; any answer but `ok` does not come from Slack."""
        # The caller decides when to retry.
        client = WebhookClient(self._url, timeout=self._timeout, retry_handlers=[])
        try:
            response = client.send_dict(render_message(alert))
        except URLError as error:
            reason = error.reason
            raise never_sent(reason if isinstance(reason, Exception) else error) from None
        except (OSError, HTTPException, ValueError, LookupError) as error:
            raise answer_lost(error) from None
        said = response.body.strip()
        slug = said if _SLUG.fullmatch(said) else ""
        if response.status_code != HTTPStatus.OK:
            headers = {name.lower(): value for name, value in response.headers.items()}
            raise _error(response.status_code, headers.get("retry-after"), slug)
        if said != "ok":
            raise OutcomeUnknown("outcome_unknown", "the answer does not come from Slack")


def _error(status: int, retry_after: str | None, slug: str) -> GateError:
    """Return the error of an unsuccessful answer, explained where Slack's slug is known."""
    is_told = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_told and slug in CHANNEL_WORDS:
        return Refused("channel_refused", f"Slack answered {status} {slug}: {CHANNEL_WORDS[slug]}")
    if is_told and slug in MESSAGE_WORDS:
        return Refused("alert_refused", f"Slack answered {status} {slug}: {MESSAGE_WORDS[slug]}")
    return error_of_status(status, retry_after, slug)
