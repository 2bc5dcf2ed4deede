"""`gate notify`: test the alert channels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gate.domain.model.alert import Channel

if TYPE_CHECKING:
    from gate.notify import Notifier


@click.group()
def notify() -> None:
    """Test the channels that receive alerts."""


@notify.command()
@click.argument(
    "name", type=click.Choice([it.value for it in Channel]), required=False, metavar="[CHANNEL]"
)
def test(name: str | None) -> None:
    """Send a test alert to each channel, or only to CHANNEL.

    CHANNEL is slack, email, webhook or notify. The alert says that it is a test. Prints what each
    channel answered. Exits 1 when a channel failed, 2 when none is set up. Example:

        gate notify test slack
    """
    from gate.notify.channels import read_channels
    from gate.settings import load_settings

    settings = load_settings()
    channels = read_channels(settings)
    configured = [it for it in Channel if it in channels.notifiers or it in channels.problems]
    if not configured:
        raise click.UsageError("no alert channel is configured")
    if name is not None and name not in configured:
        raise click.UsageError(f"{name} is not configured")
    failed = False
    for it in configured if name is None else [Channel(name)]:
        found = channels.problems.get(it) or _try(channels.notifiers[it], settings.public_url)
        failed = failed or bool(found)
        click.echo(f"fail {it}: {'; '.join(found)}" if found else f"ok   {it}: taken")
    sys.exit(1 if failed else 0)


def _try(notifier: Notifier, public_url: str) -> tuple[str, ...]:
    """Send a test alert; return what went wrong."""
    from gate.clock import utc_now
    from gate.errors import GateError
    from gate.notify.sample_alert import make_sample_alert

    try:
        notifier.send(make_sample_alert(notifier.channel, utc_now(), public_url))
    except GateError as error:
        return (str(error),)
    return ()
