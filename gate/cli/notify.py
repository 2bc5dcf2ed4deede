"""`gate notify`: try the alert channels out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gate.domain.alert import Channel

if TYPE_CHECKING:
    from gate.notify import Notifier


@click.group()
def notify() -> None:
    """Try out the channels that alerts go to."""


@notify.command()
@click.argument("channel", type=click.Choice(list(Channel)), required=False, metavar="[CHANNEL]")
def test(channel: Channel | None) -> None:
    """Send a test alert to each channel, or to CHANNEL, and say what came back.

    CHANNEL is slack, email, webhook or notify. The alert says that it is a test. Exits 1 when a
    channel failed, 2 when there is none. Example:

        gate notify test slack
    """
    from gate.notify.channels import read_channels
    from gate.settings import load_settings

    settings = load_settings()
    channels = read_channels(settings)
    configured = [it for it in Channel if it in channels.notifiers or it in channels.problems]
    asked = configured if channel is None else [channel]
    if not configured or channel not in {None, *configured}:
        raise click.UsageError(f"{channel or 'any channel'} is not configured")
    failed = False
    for name in asked:
        found = channels.problems.get(name) or _try(channels.notifiers[name], settings.public_url)
        failed = failed or bool(found)
        click.echo(f"fail {name}: {'; '.join(found)}" if found else f"ok   {name}: taken")
    sys.exit(1 if failed else 0)


def _try(notifier: Notifier, public_url: str) -> tuple[str, ...]:
    """Send a test alert; give what went wrong."""
    from gate.clock import utc_now
    from gate.errors import GateError
    from gate.notify.trial import make_trial

    try:
        notifier.send(make_trial(notifier.channel, utc_now(), public_url))
    except GateError as error:
        return (str(error),)
    return ()
