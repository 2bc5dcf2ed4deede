"""Show how a copy goes on, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gate.cli.audit.chains import spell_chain
from gate.domain.audit.verify import Broken, Intact
from gate.store.copy.copying import Comparison, Tell
from gate.store.copy.transfer import Plan


@contextmanager
def progress(doing: str, plan: Plan) -> Iterator[Tell]:
    """Show a bar on a terminal's stderr while rows are dealt with."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(doing, total=sum(plan.rows.values()))

        def tell(table: str, rows: int) -> None:
            shown.update(task, description=f"{doing} {table}", advance=rows)

        yield tell


def print_plan(plan: Plan, *, as_json: bool) -> None:
    """Print what would be copied, or that all of it was."""
    if as_json:
        tables = [
            {"table": name, "rows": rows, "copied": plan.copied[name]}
            for name, rows in plan.rows.items()
        ]
        ends = {"from": plan.source, "to": plan.target, "done": plan.is_done}
        click.echo(json.dumps(ends | {"tables": tables}, indent=2))
        return
    if plan.is_done:
        click.echo(f"already copied from {plan.source} to {plan.target}; nothing to do")
        return
    shown = Table("table", "rows", "copied already")
    for name, rows in plan.rows.items():
        shown.add_row(name, str(rows), str(plan.copied[name]))
    Console().print(shown)
    click.echo(f"would copy {sum(plan.rows.values())} rows from {plan.source} to {plan.target}")


def print_result(
    plan: Plan,
    compared: Sequence[Comparison],
    chains: Sequence[Intact | Broken],
    *,
    as_json: bool,
) -> None:
    """Print what each table has at both ends, and what the check of the trail found."""
    differing = [it.table for it in compared if not it.is_same]
    if as_json:
        click.echo(json.dumps(_document(plan, compared, chains), indent=2))
    else:
        shown = Table("table", "rows", "in the copy", "SHA-256", "result")
        for it in compared:
            result = "same" if it.is_same else "different"
            rows = str(it.source.rows), str(it.target.rows)
            shown.add_row(it.table, *rows, it.source.digest[:12], result)
        Console().print(shown)
        for chain in chains:
            click.echo(spell_chain(chain))
    if differing:
        click.echo(
            f"The copy differs in {', '.join(differing)}, and no service will start on it."
            " Somebody wrote to one of the databases meanwhile: empty the copy, and begin again.",
            err=True,
        )
        return
    click.echo(f"copied {sum(it.source.rows for it in compared)} rows exactly", err=as_json)
    if any(isinstance(it, Broken) for it in chains):
        click.echo("The audit trail is broken in both databases.", err=True)


def _document(
    plan: Plan, compared: Sequence[Comparison], chains: Sequence[Intact | Broken]
) -> dict[str, object]:
    return {
        "from": plan.source,
        "to": plan.target,
        "exact": all(it.is_same for it in compared),
        "tables": [
            {
                "table": it.table,
                "rows": it.source.rows,
                "digest": it.source.digest,
                "copied_rows": it.target.rows,
                "copied_digest": it.target.digest,
            }
            for it in compared
        ],
        "chains": [
            {
                "installation_id": it.installation_id,
                "intact": isinstance(it, Intact),
                "result": spell_chain(it),
            }
            for it in chains
        ],
    }
