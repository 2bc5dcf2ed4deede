"""`gate requests`: list what was asked of the gate, and explain why one deployment is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from gate.cli.explanation import describe_request, find_request, print_request
from gate.cli.json_output import print_json

if TYPE_CHECKING:
    from gate.store.engine.database import Snapshot
    from gate.store.requests.listing import RequestRecord

_MOST: Final = 50
_FOLDED: Final = frozenset({"repository", "environment"})
_JSON_HELP: Final = "Print a JSON document."


@click.group(invoke_without_command=True)
@click.option("--held", is_flag=True, help="Only deployments that wait for the gate.")
@click.option("--repo", metavar="OWNER/NAME", help="Only one repository, by name or id.")
@click.option("--limit", type=click.IntRange(1, 1000), default=_MOST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def requests(
    context: click.Context, *, held: bool, repo: str | None, limit: int, as_json: bool
) -> None:
    """List gate requests, the newest first, or explain one.

    There is one for each run attempt and environment.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate requests --held
    """
    if context.invoked_subcommand is not None:
        return
    from gate.cli.database.beside_service import database_beside_service

    with database_beside_service() as database:
        found = database.read(lambda it: _list(it, held=held, repo=repo, limit=limit))
    if as_json:
        print_json({"requests": [_listed(it) for it in found]})
    else:
        _print_list(found)


@requests.command()
@click.argument("which", metavar="ID|RUN-URL")
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
def show(which: str, *, as_json: bool) -> None:
    """Explain one request: why it stands where it does.

    Each rule with what was seen and what the policy wants, and what people can do.

    ID is the number in the list. The URL of a run, as GitHub shows it, names the newest request of
    that run. Example:

        gate requests show https://github.com/acme/shop/actions/runs/123
    """
    from gate.cli.database.beside_service import database_beside_service

    with database_beside_service() as database:
        found = database.read(lambda it: find_request(it, which))
    if as_json:
        print_json(describe_request(found))
    else:
        print_request(found)


def _list(
    snapshot: Snapshot, *, held: bool, repo: str | None, limit: int
) -> Sequence[RequestRecord]:
    from gate.cli.database.beside_service import find_repository
    from gate.domain.model.access import EVERYTHING
    from gate.domain.model.request import UNDECIDED
    from gate.store.requests.listing import list_records

    filters: dict[str, object] = {}
    if held:
        filters["state"] = tuple(it.value for it in UNDECIDED)
    if repo is not None:
        filters["repository_id"] = find_repository(snapshot, repo, "--repo")
    return list_records(snapshot, filters=filters, limit=limit, before=None, visible=EVERYTHING)


def _print_list(found: Sequence[RequestRecord]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gate.clock import utc_now
    from gate.domain.requests.explanation.outcome import describe_outcome
    from gate.domain.text.durations import age
    from gate.domain.text.escaping import visible_lines

    if not found:
        click.echo("no request")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "repository", "environment", "run", "state", "why", "asked"):
        table.add_column(name, overflow="fold", no_wrap=name not in _FOLDED)
    now = utc_now()
    for it in found:
        reason = it.reasons[0] if it.reasons else None
        run = f"{it.run_id}/{it.run_attempt}" if it.run_attempt > 1 else str(it.run_id)
        word = describe_outcome(it.state, reason).word
        asked = age(now - it.opened_at)
        environment = visible_lines(it.environment)
        table.add_row(str(it.id), it.repository, environment, run, word, reason or "", asked)
    Console().print(table, markup=False)


def _listed(record: RequestRecord) -> dict[str, object]:
    from gate.web.api.requests import listed_request

    return listed_request(record)
