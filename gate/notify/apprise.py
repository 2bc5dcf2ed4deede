"""Send alerts to the services that Apprise supports: one channel, several URLs.

Apprise reports only whether a URL accepted the alert, and not why, so a failed alert may have
arrived. The URLs that accepted an alert are remembered, and the next attempt is for the rest.
"""

from __future__ import annotations

import logging
import re
from threading import Lock
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from gate.domain.model.alert import Alert, Channel, Severity
from gate.errors import ConfigError, OutcomeUnknown
from gate.notify.accepted_targets import AcceptedTargets
from gate.notify.outline import Room, outline
from gate.notify.text_and_html import render_text

_ROOM: Final = Room(items=5, words=160)
_VARIABLE: Final = "GATE_NOTIFY_URLS"
_MENTION: Final = re.compile("@|<(?=[@!#])")
_TYPES: Final = {
    Severity.CRITICAL: NotifyType.FAILURE,
    Severity.WARNING: NotifyType.WARNING,
    Severity.INFO: NotifyType.INFO,
}


class AppriseNotifier:
    """Send to every URL in turn, from any thread."""

    channel: Final = Channel.NOTIFY

    def __init__(self, urls: str) -> None:
        """Parse the URLs without a call. Raises ConfigError for each that Apprise cannot read."""
        # Its warnings quote parts of URLs, which contain the services' tokens.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._targets: Final = _read_targets(urls.split())
        self._accepted: Final = AcceptedTargets()
        # Apprise keeps the state of its rate limits in the targets.
        self._lock: Final = Lock()

    def send(self, alert: Alert) -> None:
        """Send to each URL that lacks the alert; raises OutcomeUnknown if any may still lack it."""
        content = outline(alert, _ROOM)
        title, body = _calling_nobody(content.title), _calling_nobody(render_text(content))
        failed: list[str] = []
        with self._lock:
            done = self._accepted.by(alert.key)
            for number, target in enumerate(self._targets):
                if number in done:
                    continue
                if target.notify(
                    body=body,
                    title=title,
                    notify_type=_TYPES[alert.severity],
                    body_format=NotifyFormat.TEXT,
                ):
                    self._accepted.record(alert.key, number)
                else:
                    failed.append(_named(number, target))
        if failed:
            raise OutcomeUnknown("outcome_unknown", f"not confirmed by {', '.join(failed)}")


def _calling_nobody(text: str) -> str:
    """Break what some service reads as a mention: `@name`, `<@…>`, `<!…>`, `<#…>`.

    Other markup stays: each service has its own, and Apprise escapes it where it can.
    """
    return _MENTION.sub("\\g<0>\u200b", text)


def _read_targets(urls: list[str]) -> tuple[Apprise, ...]:
    """Parse each URL; a problem names it by its position, since the URL is a secret."""
    asset = AppriseAsset(app_id="Deployment Gate", app_desc="Deployment Gate", async_mode=False)
    targets: list[Apprise] = []
    problems: list[str] = []
    for place, url in enumerate(urls, 1):
        target = Apprise(asset=asset)
        if target.add(url):
            targets.append(target)
        else:
            problems.append(f"{_VARIABLE}: Apprise cannot read URL number {place}")
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(targets)


def _named(number: int, target: Apprise) -> str:
    """Return a target's position and service."""
    services = ", ".join(str(it.service_name) for it in target)
    return f"{number + 1} ({services})"
