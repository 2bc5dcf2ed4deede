"""`gate backup`: back up the SQLite file while the service runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cli.audit.chains import key_option, spell_chain, trusts_if_known

if TYPE_CHECKING:
    from gate.store.backup import Backup, Tell


@click.command()
@click.argument("target", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of lines.")
def backup(target: Path, key_files: tuple[Path, ...], as_json: bool) -> None:
    """Back up the SQLite file, and check the backup.

    In a folder, the backup is named after the time. No file is replaced. Checks the integrity of
    the backup and the audit trail in it. Safe while the service runs. On PostgreSQL, use its own
    tools. Exits 1 if the backup failed, or if the trail is broken. Example:

        gate backup /srv/backups/gate
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.domain.audit.verify import Broken
    from gate.errors import GateError
    from gate.settings import load_database_url
    from gate.store.backup import back_up
    from gate.store.engine.server import tool_address

    url = load_database_url()
    if not url.startswith("sqlite"):
        raise click.UsageError(
            "this command backs up SQLite files; for PostgreSQL use its own tools, for example:\n"
            f"    pg_dump --format=custom --file=gate.dump '{tool_address(url)}'\n"
            "or continuous archiving with point-in-time recovery"
        )
    with database_beside_service() as database:
        source = Path(str(database.engine.url.database)).resolve()
    now = utc_now()
    file = _named(target, now)
    trusts = trusts_if_known(key_files)
    try:
        with _progress() as tell:
            made = back_up(source, file, now, trusts, tell)
    except GateError as error:
        raise click.ClickException(error.detail) from error
    _print(made, as_json=as_json)
    sys.exit(1 if any(isinstance(it, Broken) for it in made.chains) else 0)


def _named(target: Path, now: datetime) -> Path:
    if target.is_dir():
        return target.resolve() / f"gate-{now:%Y%m%dT%H%M%SZ}.db"
    if target.exists():
        raise click.BadParameter(f"{target} exists; give another name", param_hint="FILE|FOLDER")
    return target.resolve()


@contextmanager
def _progress() -> Iterator[Tell]:
    """Show a bar on a terminal's stderr while pages are copied."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task("copying pages", total=None)
        yield lambda copied, total: shown.update(task, completed=copied, total=total)


def _print(made: Backup, *, as_json: bool) -> None:
    from gate.domain.audit.verify import Intact

    if as_json:
        chains = [
            {
                "installation_id": it.installation_id,
                "intact": isinstance(it, Intact),
                "result": spell_chain(it),
            }
            for it in made.chains
        ]
        document = {"file": str(made.file), "bytes": made.size, "chains": chains}
        click.echo(json.dumps(document, indent=2))
        return
    for chain in made.chains:
        click.echo(spell_chain(chain))
    click.echo(f"backed up {made.size:,} bytes to {made.file}; its integrity was checked")
