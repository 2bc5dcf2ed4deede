"""Send alerts to whatever else Apprise speaks: one channel, several addresses.

Apprise says of an address that it was served, or that it was not, and not why. So what failed may
have arrived all the same. Those that took an alert are remembered; the next try is for the rest.
"""

from __future__ import annotations

import logging
import re
from threading import Lock
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from gate.domain.model.alert import Alert, Channel, Severity
from gate.errors import ConfigError, OutcomeUnknown
from gate.notify.outline import Room, outline
from gate.notify.taken import Taken
from gate.notify.text import render_text

_ROOM: Final = Room(items=5, words=160)
_VARIABLE: Final = "GATE_NOTIFY_URLS"
_MENTION: Final = re.compile("@|<(?=[@!#])")
_TYPES: Final = {
    Severity.CRITICAL: NotifyType.FAILURE,
    Severity.WARNING: NotifyType.WARNING,
    Severity.INFO: NotifyType.INFO,
}


class AppriseNotifier:
    """Send to every address in turn, from any thread."""

    channel: Final = Channel.NOTIFY

    def __init__(self, urls: str) -> None:
        """Prepare; nothing is called. Raises ConfigError for each that Apprise cannot read."""
        # Its warnings quote parts of addresses, which hold the services' tokens.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._targets: Final = _read_targets(urls.split())
        self._taken: Final = Taken()
        # Apprise paces its calls by what it keeps in the targets.
        self._lock: Final = Lock()

    def send(self, alert: Alert) -> None:
        """Send to each address that has not got it; raises OutcomeUnknown if any may lack it."""
        content = outline(alert, _ROOM)
        title, body = _calling_nobody(content.title), _calling_nobody(render_text(content))
        failed: list[str] = []
        with self._lock:
            done = self._taken.by(alert.key)
            for number, target in enumerate(self._targets):
                if number in done:
                    continue
                if target.notify(
                    body=body,
                    title=title,
                    notify_type=_TYPES[alert.severity],
                    body_format=NotifyFormat.TEXT,
                ):
                    self._taken.record(alert.key, number)
                else:
                    failed.append(_named(number, target))
        if failed:
            raise OutcomeUnknown("outcome_unknown", f"not confirmed by {', '.join(failed)}")


def _calling_nobody(text: str) -> str:
    """Break what one service or another reads as a mention: `@name`, `<@…>`, `<!…>`, `<#…>`.

    Other markup stays: each service has its own, and Apprise escapes it where it knows how.
    """
    return _MENTION.sub("\\g<0>\u200b", text)


def _read_targets(urls: list[str]) -> tuple[Apprise, ...]:
    """Read each address; a problem says which by its place, as the address is a secret."""
    asset = AppriseAsset(app_id="Deployment Gate", app_desc="Deployment Gate", async_mode=False)
    targets: list[Apprise] = []
    problems: list[str] = []
    for place, url in enumerate(urls, 1):
        target = Apprise(asset=asset)
        if target.add(url):
            targets.append(target)
        else:
            problems.append(f"{_VARIABLE} has no address that Apprise can read in place {place}")
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(targets)


def _named(number: int, target: Apprise) -> str:
    """Name a target by its place and its service."""
    services = ", ".join(str(it.service_name) for it in target)
    return f"{number + 1} ({services})"
