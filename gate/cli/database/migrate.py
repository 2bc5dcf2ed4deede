"""`gate migrate`: bring the schema up to date."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--offline",
    is_flag=True,
    help="No node runs: allow a step over more than one release.",
)
def migrate(*, offline: bool) -> None:
    """Bring the database schema up to date.

    Prints the version before and after. Safe to run again, and while nodes of the release before
    run; refused if no running node would survive it. `gate serve` does this automatically for a
    SQLite file. Only GATE_DATABASE_URL is required. Example:

        GATE_DATABASE_URL=postgresql+psycopg://gate@db/gate gate migrate
    """
    from gate.settings import load_database_url
    from gate.store.engine.database import Database
    from gate.store.engine.migrations.migrate import migrate as migrate_schema
    from gate.store.engine.migrations.migrate import read_schema

    database = Database(load_database_url(), exclusive=True)
    try:
        before, after = migrate_schema(database, offline=offline)
        if before == after:
            click.echo(read_schema(database).describe())
        else:
            click.echo(f"schema migrated from {before or 'empty'} to {after}")
    finally:
        database.close()
