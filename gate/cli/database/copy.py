"""`gate database`: copy everything from one database into another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from gate.cli.audit.chains import key_option, trusts_if_known

_AGAIN: Final = "repeat the command to continue where it stopped"


@click.group()
def database() -> None:
    """Move the gate's data to another database."""


@database.command()
@click.option("--to", "to_url", metavar="URL", required=True, help="Database to copy into.")
@key_option
@click.option("--dry-run", is_flag=True, help="Check both databases, and copy nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
def copy(to_url: str, key_files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Copy everything from GATE_DATABASE_URL into an empty database.

    Between SQLite and PostgreSQL in either direction, or between two of a kind. Stop the service
    first. Prepares the schema in the other database, copies all tables, then compares every row
    and checks the audit trail in the copy. If the command is interrupted, repeat it: it continues
    where it stopped. A finished copy is left as it is. Exits 1 if the copy did not finish or
    differs. Example:

        gate database copy --to postgresql+psycopg://gate@db.example.com/gate
    """
    from gate.cli.database.copy_report import print_plan, print_result, progress
    from gate.domain.audit.verify import Broken
    from gate.errors import ConfigError, GateError
    from gate.settings import load_database_url
    from gate.store.copy import transfer
    from gate.store.copy.ends import name_of

    from_url, to_url = load_database_url(), _checked_target(to_url)
    if name_of(from_url) == name_of(to_url):
        raise click.BadParameter("this is the database of GATE_DATABASE_URL", param_hint="--to")
    if dry_run:
        print_plan(transfer.dry_run(from_url, to_url), as_json=as_json)
        return
    trusts = trusts_if_known(key_files)
    try:
        with transfer.opened_transfer(from_url, to_url) as ends:
            if ends.plan.is_done:
                print_plan(ends.plan, as_json=as_json)
                return
            with progress("copying", ends.plan) as tell:
                ends.copy(tell)
            with progress("comparing", ends.plan) as tell:
                compared = ends.compare(tell)
            chains = ends.check_chains(trusts)
            if is_exact := all(it.is_same for it in compared):
                ends.finish()
            print_result(ends.plan, compared, chains, as_json=as_json)
    except ConfigError:
        raise
    except GateError as error:
        raise click.ClickException(f"{error.detail}; {_AGAIN}") from error
    except KeyboardInterrupt:
        raise click.ClickException(f"interrupted; {_AGAIN}") from None
    sys.exit(0 if is_exact and not any(isinstance(it, Broken) for it in chains) else 1)


def _checked_target(url: str) -> str:
    from pydantic import SecretStr

    from gate.settings.checks import check_database_url

    try:
        return check_database_url(SecretStr(url.strip())).get_secret_value()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
