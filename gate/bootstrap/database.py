"""Open the database of a service."""

from __future__ import annotations

from gate.errors import ConfigError, GateError
from gate.settings import Settings
from gate.store.copy.progress import check_finished
from gate.store.engine.database import Database
from gate.store.engine.migrations.compatibility import check_usable
from gate.store.engine.migrations.migrate import migrate, read_schema
from gate.store.nodes.nodes import forget_all
from gate.store.requests.leases import clear_leases
from gate.store.rounds import make_all_due


def open_database(settings: Settings) -> Database:
    """Open the database; on SQLite prepare it, since this is the only process that writes to it.

    Elsewhere the schema may be one that a newer release migrated: nodes are upgraded one by one.
    """
    database = Database(settings.database_url.get_secret_value(), exclusive=True)
    try:
        schema = read_schema(database)
        check_finished(database)
        if database.dialect == "sqlite":
            migrate(database)
            database.transact(clear_leases)
            database.transact(forget_all)
            database.transact(make_all_due)
        else:
            check_usable(schema)
    except GateError as error:
        database.close()
        if isinstance(error, ConfigError):
            raise
        raise ConfigError((f"GATE_DATABASE_URL: {error.detail or error.reason}",)) from error
    return database


def check_database(database: Database) -> None:
    """Raise GateError unless the database can be written and its schema serves this release.

    A newer release may migrate it while this process runs; a SQLite file has no other process.
    """
    database.check()
    if database.dialect != "sqlite":
        check_usable(read_schema(database))
