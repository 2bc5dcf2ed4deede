"""Check the App's own settings on GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gate.clock import Clock
from gate.doctor.clocks import compare_clock
from gate.doctor.findings import Finding, Level
from gate.githubapp.app.client import AppClient
from gate.manifest import load_manifest
from gate.settings import Settings

_FOR_CHECKS: Final = frozenset(
    {"checks", "pull_requests", "check_run", "check_suite", "pull_request"}
)
"""Permissions and events by which pull requests are told what their policy is worth."""

_RANK: Final = {"none": 0, "read": 1, "write": 2, "admin": 3}


def find_app(client: AppClient, settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Compare permissions, events and the webhook's URL with those that `app.yaml` asks for."""
    wanted = load_manifest()
    app = client.read_app()
    yield Finding(Level.OK, "App", f"the key belongs to {app.slug} (id {app.id})")
    yield compare_clock(client.read_time(), clock())
    lacking = [
        f"{name}: {level}"
        for name, level in wanted.permissions.items()
        if _RANK.get(app.permissions.get(name, "none"), 0) < _RANK[level]
    ]
    remedy = "grant them in the App's settings, then accept them in each installation"
    yield from _lacking("permissions", lacking, remedy)
    missing = [event for event in wanted.events if event not in app.events]
    yield from _lacking("events", missing, "subscribe to them in the App's settings")
    expected = f"{settings.public_url}/webhooks/github"
    actual = client.read_hook_url()
    if actual == expected:
        yield Finding(Level.OK, "webhook", actual)
    else:
        remedy = "correct the App's webhook URL or GATE_PUBLIC_URL, unless a proxy is in between"
        yield Finding(Level.WARN, "webhook", f"points to {actual}, not to {expected}", remedy)


def _lacking(what: str, names: list[str], remedy: str) -> Iterator[Finding]:
    """Report what is lacking; deployments are judged without what policy checks need."""
    for_checks = [it for it in names if it.partition(":")[0] in _FOR_CHECKS]
    needed = [it for it in names if it not in for_checks]
    if needed:
        yield Finding(Level.FAIL, what, f"missing {', '.join(needed)}", remedy)
    if for_checks:
        found = f"missing {', '.join(for_checks)}: pull requests get no check of their policy"
        yield Finding(Level.WARN, what, found, remedy)
    if not names:
        yield Finding(Level.OK, what, "everything in app.yaml")
