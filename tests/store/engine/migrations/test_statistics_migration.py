"""What the metrics are read from is filled from the record when an older database is upgraded."""

from __future__ import annotations

from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.tables.requests import gate_requests
from tests.store.statistics.past import Past
from tests.store.statistics.test_figures import STEPS, check_all

_BEFORE: Final = "0005"


def columns(database: Database) -> tuple[list[Any], list[Any]]:
    """Read what the migration fills."""
    t, r = gate_requests.c, validation_reports.c
    return database.read(
        lambda it: (
            list(it.execute(select(t.id, t.was_held, t.ended_at).order_by(t.id))),
            list(it.execute(select(r.repository_id, r.run_id, r.run_attempt, r.has_trouble))),
        )
    )


def test_an_upgrade_fills_the_columns_as_the_gate_would_have(database: Database) -> None:
    """Reports, holds and ends of weeks are those that were written at the time."""
    past = Past(database, 7)
    past.go_on(2 * STEPS)
    requests, reports = columns(database)
    assert {it.was_held for it in requests} == {it.has_trouble for it in reports} == {True, False}
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "gate.store.engine:migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, _BEFORE)
    migrate(database)
    again, reports_again = columns(database)
    assert again == requests
    assert sorted(reports_again) == sorted(reports)
    check_all(database, past.now)
