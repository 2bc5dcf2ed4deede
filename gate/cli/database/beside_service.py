"""Open the database for commands that work beside a running service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from gate.domain.model.access import EVERYTHING
from gate.domain.model.ids import RepositoryId
from gate.errors import ConfigError, RetryLater
from gate.settings import load_database_url
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.migrations.compatibility import check_usable
from gate.store.engine.migrations.migrate import read_schema
from gate.store.github.names import find_visible

_SQLITE: Final = "sqlite:///"


@contextmanager
def database_beside_service() -> Iterator[Database]:
    """Open the database beside a service that may be running; write to it only briefly.

    Raises ConfigError when there is none, or when this release cannot work with its schema.
    """
    url = load_database_url()
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE).partition("?")[0]
        # Opening a file that is not there would make one.
        if not Path(path).is_file():
            raise ConfigError((f"GATE_DATABASE_URL: the file {path} does not exist",))
    database = Database(url)
    try:
        check_usable(read_schema(database))
        yield database
    except RetryLater as error:
        raise ConfigError((f"GATE_DATABASE_URL: {error.detail or error.reason}",)) from error
    finally:
        database.close()


def find_repository(snapshot: Snapshot, written: str, option: str) -> RepositoryId:
    """Return the repository that an option names, by full name or id; refuse an unknown name."""
    if written.isdecimal() and written.isascii():
        return RepositoryId(int(written))
    found = find_visible(snapshot, written, EVERYTHING)
    if found is None:
        raise click.BadParameter("the gate does not know this repository", param_hint=option)
    return found
