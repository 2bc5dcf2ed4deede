"""Check how the App's last webhooks ended, by GitHub's own log."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.domain.model.github import HookDelivery
from gate.githubapp.app.client import AppClient

_READ: Final = 100
"""One page of the log: one call."""


def find_hook_deliveries(app: AppClient) -> Iterator[Finding]:
    """Compare secrets with those that GitHub signs with, by what our 401s in its log tell."""
    recent = list(islice(app.read_hook_deliveries(), _READ))
    if not recent:
        found = "GitHub has sent no delivery yet, so the webhook secret is not verified"
        yield Finding(Level.OK, "deliveries", found)
        return
    newest = recent[0]
    refused = [it for it in recent if it.status_code == HTTPStatus.UNAUTHORIZED]
    if newest.status_code == HTTPStatus.UNAUTHORIZED:
        found = f"GitHub signed its last delivery with another secret; {_of(refused, recent)}"
        remedy = "set GATE_GITHUB_WEBHOOK_SECRET to the secret in the App's settings"
        yield Finding(Level.FAIL, "webhook secret", found, remedy)
    elif refused:
        found = f"{_of(refused, recent)}, the last at {refused[0].delivered_at:%Y-%m-%d %H:%MZ}"
        remedy = "nothing to do if the secret changed then: later deliveries were accepted"
        yield Finding(Level.WARN, "webhook secret", found, remedy)
    else:
        found = f"accepted for GitHub's last {len(recent)} deliveries"
        yield Finding(Level.OK, "webhook secret", found)
    if not newest.succeeded and newest.status_code != HTTPStatus.UNAUTHORIZED:
        status = newest.status_code or "none"
        found = f"the gate did not accept GitHub's last delivery (status {status})"
        remedy = (
            "check that the service runs and that GitHub can reach it; the gate then requests a"
            " redelivery"
        )
        yield Finding(Level.WARN, "deliveries", found, remedy)


def _of(refused: list[HookDelivery], recent: list[HookDelivery]) -> str:
    return f"{len(refused)} of the last {len(recent)} were refused with 401"
