"""Ask a database how it would run a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Cursor

from gate.store.engine.database import Database, Snapshot


def plan_of(database: Database, query: Callable[[Snapshot], object]) -> str:
    """Run a query and give the plan of its first statement, as the database explains it.

    Prepared statements go past SQLAlchemy, so the drivers themselves tell what is run.
    """

    def work(tx: Snapshot) -> list[str]:
        driver: Any = tx.connection.driver_connection
        if database.dialect == "sqlite":
            statements: list[str] = []
            # SQLite's own trace has the values filled in.
            driver.set_trace_callback(statements.append)
            query(tx)
            driver.set_trace_callback(None)
            return [str(row) for row in driver.execute("EXPLAIN QUERY PLAN " + statements[0])]
        # The planner prefers a scan for tables this small.
        driver.execute("SET LOCAL enable_seqscan = off")
        run = _run_on(driver, lambda: query(tx))
        return [str(row) for row in driver.execute("EXPLAIN " + run[0][0], run[0][1])]

    return "\n".join(database.transact(work))


def _run_on(driver: Any, query: Callable[[], object]) -> list[tuple[str, Any]]:
    """Run a query and return the statements that psycopg was given, with their values."""
    run: list[tuple[str, Any]] = []
    ordinary = driver.cursor_factory

    class Recording(Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            run.append((query, params))
            return super().execute(query, params, **options)

    driver.cursor_factory = Recording
    query()
    driver.cursor_factory = ordinary
    return run
