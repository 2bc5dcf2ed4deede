"""`gate migrate`: bring the schema up to date."""

from __future__ import annotations

import click


@click.command()
def migrate() -> None:
    """Bring the database schema up to date.

    Prints the version before and after. Safe to run again; `gate serve` does this automatically
    for a SQLite file. Only GATE_DATABASE_URL is required. Example:

        GATE_DATABASE_URL=postgresql+psycopg://gate@db/gate gate migrate
    """
    from gate.settings import load_database_url
    from gate.store.engine.database import Database
    from gate.store.engine.migration import migrate as migrate_schema

    database = Database(load_database_url(), exclusive=True)
    try:
        before, after = migrate_schema(database)
    finally:
        database.close()
    if before == after:
        click.echo(f"schema is up to date ({after})")
    else:
        click.echo(f"schema migrated from {before or 'empty'} to {after}")
