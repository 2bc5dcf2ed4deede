"""`gate doctor`: check the installation."""

from __future__ import annotations

import sys

import click

from gate.cli.json_output import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document at the end.")
def doctor(*, as_json: bool) -> None:
    """Check settings, key, App, rules, clock and database.

    Prints one line for each check: ok, warn or fail, and how to fix it. Exits 1 when a check
    fails. Example:

        gate doctor
    """
    from gate.doctor import Finding, Level, examine
    from gate.log import configure_logging
    from gate.settings import load_settings

    findings: list[Finding] = []
    is_watched = sys.stderr.isatty()

    def tell(text: str) -> None:
        if is_watched:
            click.echo(f"... {text}", err=True)

    settings = load_settings()
    configure_logging(settings.log_format)
    for finding in examine(settings, tell=tell):
        findings.append(finding)
        if not as_json:
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            click.echo(f"{finding.level:4} {finding.what}: {finding.found}{remedy}")
    if as_json:
        print_json({"findings": findings})
    sys.exit(1 if any(it.level is Level.FAIL for it in findings) else 0)
