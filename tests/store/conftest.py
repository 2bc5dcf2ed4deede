"""Provide every test with a migrated database of both kinds.

Migrating costs much more than a test: a SQLite file is copied, and PostgreSQL's tables are emptied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine, make_url, text

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.base import metadata
from tests.support.postgres_server import postgresql_server
from tests.support.sqlite import lay_out_schema

DIALECTS: Final = ("sqlite", "postgresql")

OpenDatabase = Callable[[], Database]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Provide the URL of a running server's database `postgres`, which stays empty."""
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> str:
    """Provide the URL of a migrated database."""
    url = new_postgresql(postgresql, "migrated")
    database = Database(url)
    migrate(database)
    database.close()
    return url


def new_postgresql(server: str, name: str) -> str:
    """Make an empty database and give its URL."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Name each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Provide the URL of a migrated database without rows."""
    if dialect == "sqlite":
        file_url = f"sqlite:///{tmp_path}/gate.db"
        lay_out_schema(file_url)
        return file_url
    url = str(request.getfixturevalue("migrated_postgresql"))
    empty_tables(url)
    return url


def empty_tables(url: str) -> None:
    """Delete all rows and begin to count anew.

    TRUNCATE makes new files for each table and index: that takes longer than most tests.
    """
    statements = [
        # The order of the tables would matter otherwise.
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {it.name}" for it in metadata.sorted_tables),  # noqa: S608 - our own names
        "DELETE FROM procrastinate_jobs",
        "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences",
    ]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join(statements))
    engine.dispose()


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Provide the URL of a database that was never migrated."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    return new_postgresql(request.getfixturevalue("postgresql"), "empty")


@pytest.fixture
def open_database(database_url: str) -> Iterator[OpenDatabase]:
    """Open the test's database as often as a test asks, as several processes would."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield open_one
    for it in opened:
        with suppress(Exception):
            it.close()


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """Provide an open database without rows."""
    return open_database()
