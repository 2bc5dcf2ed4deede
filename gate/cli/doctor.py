"""`gate doctor`: check the installation."""

from __future__ import annotations

import sys

import click


@click.command()
def doctor() -> None:
    """Check settings, key, App, rules, clock and database.

    Prints one line for each check: ok, warn or fail, and how to fix it. Exits 1 when a check
    fails. Example:

        gate doctor
    """
    from gate.doctor import Level, examine
    from gate.log import configure_logging
    from gate.settings import load_settings

    failed = False
    is_watched = sys.stderr.isatty()

    def tell(text: str) -> None:
        if is_watched:
            click.echo(f"... {text}", err=True)

    settings = load_settings()
    configure_logging(settings.log_format)
    for finding in examine(settings, tell=tell):
        failed = failed or finding.level is Level.FAIL
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        click.echo(f"{finding.level:4} {finding.what}: {finding.found}{remedy}")
    sys.exit(1 if failed else 0)
