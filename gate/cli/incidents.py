"""`gate incidents`: list the incidents, and show what happened in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from gate.cli.json_output import print_json

if TYPE_CHECKING:
    from gate.store.engine.database import Snapshot
    from gate.store.incidents.listing import ShownIncident

_MOST: Final = 50
_JSON_HELP: Final = "Print a JSON document."


@click.group(invoke_without_command=True)
@click.option("--open", "only_open", is_flag=True, help="Only incidents that are not over.")
@click.option("--repo", metavar="OWNER/NAME", help="Only one repository, by name or id.")
@click.option("--limit", type=click.IntRange(1, 1000), default=_MOST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def incidents(
    context: click.Context, *, only_open: bool, repo: str | None, limit: int, as_json: bool
) -> None:
    """List incidents, the newest first, or show one.

    An incident is open while production validation fails.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate incidents --open
    """
    if context.invoked_subcommand is not None:
        return
    from gate.cli.database.beside_service import database_beside_service

    with database_beside_service() as database:
        found = database.read(lambda it: _list(it, only_open=only_open, repo=repo, limit=limit))
    if as_json:
        print_json({"incidents": found})
    else:
        _print_list(found)


@incidents.command()
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
def show(number: int, *, as_json: bool) -> None:
    """Show one incident with its timeline and its alerts.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate incidents show 3
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.domain.model.access import EVERYTHING
    from gate.domain.model.ids import IncidentId
    from gate.store.incidents.listing import read_shown

    with database_beside_service() as database:
        found = database.read(lambda it: read_shown(it, IncidentId(number), EVERYTHING))
    if found is None:
        raise click.BadParameter("the gate has no such incident", param_hint="ID")
    if as_json:
        print_json(found)
    else:
        _print_incident(found)


def _list(
    snapshot: Snapshot, *, only_open: bool, repo: str | None, limit: int
) -> Sequence[ShownIncident]:
    from gate.cli.database.beside_service import find_repository
    from gate.domain.model.access import EVERYTHING
    from gate.store.incidents.listing import list_incidents

    filters: dict[str, object] = {"state": "open"} if only_open else {}
    if repo is not None:
        filters["repository_id"] = find_repository(snapshot, repo, "--repo")
    return list_incidents(snapshot, filters=filters, limit=limit, before=None, visible=EVERYTHING)


def _print_list(found: Sequence[ShownIncident]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gate.clock import utc_now
    from gate.domain.text.durations import age
    from gate.domain.text.escaping import visible_lines

    if not found:
        click.echo("no incident")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "repository", "environment", "state", "opened", "acknowledged by"):
        table.add_column(name, overflow="fold")
    now = utc_now()
    for it in found:
        acknowledged = str(it.acknowledged["by"]) if it.acknowledged else "nobody"
        opened = age(now - it.opened_at)
        environment = visible_lines(it.environment)
        table.add_row(str(it.id), it.repository, environment, it.state, opened, acknowledged)
    Console().print(table, markup=False)


def _print_incident(found: Mapping[str, Any]) -> None:
    from rich.console import Console

    from gate.domain.text.escaping import visible_lines

    console = Console(highlight=False)
    place = visible_lines(f"{found['repository']} {found['environment']}")
    title = f"incident {found['id']}: {place}"
    console.print(f"{title} [{found['state']}]", markup=False, style="bold", soft_wrap=True)
    for event in found["timeline"]:
        line = f"{event['at']:%Y-%m-%d %H:%M:%S} UTC  {event['kind']}  {event['actor']}"
        console.print(line, markup=False, soft_wrap=True)
    for alert in found["alerts"]:
        line = f"alert {alert['kind']} by {alert['channel']}: {alert['state']}"
        console.print(line, markup=False, soft_wrap=True)
    if found["issue_url"]:
        console.print(f"issue: {found['issue_url']}", markup=False, soft_wrap=True)
