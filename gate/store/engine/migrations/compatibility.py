"""Check whether this release can work with the schema that a database has.

While a fleet is upgraded, the schema is one release ahead of some nodes. A node cannot look into
migrations that are newer than itself, so the database says which releases it still serves: see
docs/adr/0026.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from sqlalchemy import Connection, delete, insert, inspect, select

from gate.errors import ConfigError
from gate.store.engine.migrations.revisions import OURS, Revisions
from gate.store.engine.tables.schema import ONLY_ROW, schema_compatibility

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


class Standing(StrEnum):
    """How a schema stands to the code of this release."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    """A newer release migrated it, and it still serves this one."""
    TOO_NEW = "too_new"


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision of a database (None: no tables yet), seen from this release."""

    revision: str | None
    standing: Standing
    needed: str
    """The revision that this release is written for."""

    @property
    def is_usable(self) -> bool:
        """Return whether this release can work with it."""
        return self.standing in {Standing.CURRENT, Standing.AHEAD}

    def describe(self) -> str:
        """Describe in a few words which revision it has; where it is not usable, what to do."""
        match self.standing:
            case Standing.EMPTY:
                return "there are no tables yet; run `gate migrate`"
            case Standing.BEHIND:
                return (
                    f"the schema has revision {self.revision}, and this release needs"
                    f" {self.needed}; run `gate migrate`"
                )
            case Standing.CURRENT:
                return f"the schema is current ({self.revision})"
            case Standing.AHEAD:
                return (
                    f"the schema has revision {self.revision}, of a newer release,"
                    f" and serves this one ({self.needed}) too"
                )
            case Standing.TOO_NEW:
                return (
                    f"the schema has revision {self.revision}, which no longer serves this release"
                    f" ({self.needed}); start the release that migrated it"
                )
            case _:  # pragma: no cover - mypy proves it
                assert_never(self.standing)


def check_usable(schema: Schema) -> None:
    """Raise ConfigError with the way out unless this release can work with the schema."""
    if not schema.is_usable:
        raise ConfigError((f"GATE_DATABASE_URL: {schema.describe()}",))


def find_schema(connection: Connection, revisions: Revisions = OURS) -> Schema:
    """Read which revision a database has, and compare it with what the code is written for."""
    revision = migration_context(connection).get_current_revision()
    return Schema(revision, _standing(connection, revision, revisions), revisions.head)


def record_compatibility(connection: Connection, revisions: Revisions, revision: str) -> None:
    """Write down which releases the schema serves at a revision.

    Early revisions have no place for it; no release that asks works with them.
    """
    if not inspect(connection).has_table(schema_compatibility.name):
        return
    connection.execute(delete(schema_compatibility))
    row = {"id": ONLY_ROW, "oldest_revision": revisions.oldest_usable(revision)}
    connection.execute(insert(schema_compatibility).values(row))


def migration_context(connection: Connection) -> MigrationContext:
    """Return Alembic's view of a database."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see `revisions`

    return MigrationContext.configure(connection)


def _standing(connection: Connection, revision: str | None, revisions: Revisions) -> Standing:
    if revision is None:
        return Standing.EMPTY
    if revision == revisions.head:
        return Standing.CURRENT
    if revisions.knows(revision):
        return Standing.BEHIND
    # Whoever knows the oldest revision that is served is at least as new as it.
    served = revisions.knows(_oldest_served(connection))
    return Standing.AHEAD if served else Standing.TOO_NEW


def _oldest_served(connection: Connection) -> str | None:
    """Read what the newest migration wrote; None in a database that is none of ours."""
    if not inspect(connection).has_table(schema_compatibility.name):
        return None
    return connection.scalar(select(schema_compatibility.c.oldest_revision))
