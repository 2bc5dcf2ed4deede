"""Post alerts as signed JSON to a program of the operator's.

They are signed as GitHub signs its webhooks, so that receivers can reuse their code. The delivery's
id is the alert's key: a receiver ignores one that it has seen.
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import quote

import requests
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from gate import __version__
from gate.domain.model.alert import Alert, Channel
from gate.errors import ConfigError
from gate.notify.addresses import check_web_address
from gate.notify.http_errors import answer_lost, error_of_status, never_sent
from gate.notify.webhook.contract import encode_contract

TIMEOUT: Final = 10.0
"""Seconds, for connecting and for each read."""

_PRINTABLE: Final = "!#$&'()*+,/:;=?@[]~"


class WebhookNotifier:
    """Post to one address, from any thread."""

    channel: Final = Channel.WEBHOOK

    def __init__(self, url: str, secret: str, *, timeout: float = TIMEOUT) -> None:
        """Check URL and secret without a call. Raises ConfigError when one cannot be used."""
        self._url: Final = check_web_address("GATE_ALERT_WEBHOOK_URL", url)
        if not secret:
            raise ConfigError(
                ("GATE_ALERT_WEBHOOK_SECRET is not set; the gate signs alerts with it",)
            )
        self._secret: Final = secret
        self._timeout: Final = timeout

    def send(self, alert: Alert) -> None:
        """Post the contract's object. Only the response's status counts; its body is not read."""
        body = encode_contract(alert)
        try:
            with requests.post(
                self._url,
                data=body,
                headers=self._headers(alert.key, body),
                timeout=self._timeout,
                allow_redirects=False,
                # The body may be of any length, and contains nothing that we need.
                stream=True,
                # Without it, requests would send what a .netrc file has for this host.
                auth=_as_it_is,
            ) as response:
                status, retry_after = response.status_code, response.headers.get("Retry-After")
        except (RequestException, HTTPError, OSError, ValueError) as error:
            # Not chained: the original contains the URL, which may contain a secret.
            raise (never_sent if _was_never_sent(error) else answer_lost)(error) from None
        if not requests.codes.ok <= status < requests.codes.multiple_choices:
            raise error_of_status(status, retry_after)

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        signature = hmac.digest(self._secret.encode(), body, "sha256").hex()
        return {
            "Content-Type": "application/json",
            "User-Agent": f"deployment-gate/{__version__}",
            "X-Gate-Delivery": delivery_id(key),
            "X-Gate-Signature-256": f"sha256={signature}",
        }


def delivery_id(key: str) -> str:
    """Return an alert's key for a header: anything but plain ASCII is URL-encoded."""
    return quote(key, safe=_PRINTABLE)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _was_never_sent(error: Exception) -> bool:
    """Return whether the receiver certainly did not get the whole request."""
    if isinstance(error, (ConnectTimeout, ProxyError, SSLError)):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
