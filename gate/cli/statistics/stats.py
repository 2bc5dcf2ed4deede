"""`gate stats`: the metrics of validation, response, alerts and holds."""

from __future__ import annotations

from datetime import datetime

import click

from gate.cli.instants import Instant


@click.command()
@click.option(
    "--since",
    type=Instant(),
    default="30d",
    show_default=True,
    help="Only what began since this time: 2026-03-02, or 30d, which is 30 times 24 hours ago."
    " The insights page begins at a midnight.",
)
@click.option("--repo", metavar="O/R|ID", help="Only this repository.")
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
def stats(since: datetime, repo: str | None, environment: str | None, as_json: bool) -> None:
    """Print the metrics of validation, response, alerts and holds.

    Safe while the service runs; only GATE_DATABASE_URL is required. Each metric is defined in
    docs/reference/metrics.md. Example:

        gate stats --since 7d --repo octo-org/frontend
    """
    from gate.cli.database.beside_service import database_beside_service, find_repository
    from gate.clock import utc_now
    from gate.domain.model.access import EVERYTHING
    from gate.domain.statistics.metrics import measure
    from gate.domain.statistics.record import Period, Record
    from gate.store.engine.database import Snapshot
    from gate.store.statistics.record import read_record
    from gate.store.statistics.scope import Scope

    period = Period(since, utc_now())
    if period.since >= period.until:
        raise click.BadParameter("must be in the past", param_hint="--since")

    def work(snapshot: Snapshot) -> Record:
        found = find_repository(snapshot, repo, "--repo") if repo is not None else None
        return read_record(snapshot, period, Scope(EVERYTHING, found, environment))

    with database_beside_service() as database:
        measured = measure(database.read(work), period)
    if as_json:
        import json

        from gate.domain.statistics.document import render_document

        click.echo(json.dumps(render_document(measured), indent=2))
        return
    from rich.console import Console

    from gate.cli.statistics.tables import make_tables

    console = Console()
    for table in make_tables(measured):
        console.print(table)
