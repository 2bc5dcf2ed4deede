"""Check which alert channels are usable."""

from __future__ import annotations

from collections.abc import Iterator

from gate.doctor.findings import Finding, Level
from gate.notify.channels import read_channels
from gate.settings import Settings


def find_channels(settings: Settings) -> Iterator[Finding]:
    """Check each channel's settings; sending something is for `gate notify test`."""
    channels = read_channels(settings)
    for channel, problems in channels.problems.items():
        for problem in problems:
            remedy = "correct the setting; until then the gate sends no alerts there"
            yield Finding(Level.FAIL, f"alerts by {channel}", problem, remedy)
    for channel in channels.notifiers:
        found = f"configured; test it with `gate notify test {channel}`"
        yield Finding(Level.OK, f"alerts by {channel}", found)
    if not (channels.problems or channels.notifiers):
        remedy = "set the variables of at least one alert channel"
        yield Finding(Level.WARN, "alerts", "no channel is configured", remedy)
