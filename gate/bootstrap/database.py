"""Open the database of a service."""

from __future__ import annotations

from gate.errors import ConfigError, GateError
from gate.settings import Settings
from gate.store.engine.database import Database
from gate.store.engine.migration import migrate, schema_is_current
from gate.store.requests.leases import clear_leases


def open_database(settings: Settings) -> Database:
    """Open the database; on SQLite prepare it, since this is the only process that writes to it."""
    database = Database(settings.database_url.get_secret_value(), exclusive=True)
    try:
        if database.dialect == "sqlite":
            migrate(database)
            database.transact(clear_leases)
        elif not schema_is_current(database):
            raise ConfigError(("GATE_DATABASE_URL: the schema is not current; run `gate migrate`",))
    except GateError as error:
        database.close()
        if isinstance(error, ConfigError):
            raise
        raise ConfigError((f"GATE_DATABASE_URL: {error.detail or error.reason}",)) from error
    return database
