"""Ask a database how it would run a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text

from gate.store.engine.database import Database, Snapshot


def plan_of(database: Database, query: Callable[[Snapshot], object]) -> str:
    """Run a query and give the plan of its first statement, as the database explains it."""
    statements: list[tuple[str, Any]] = []

    def look(_c: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        statements.append((sql, parameters))

    def work(tx: Snapshot) -> list[str]:
        driver: Any = tx.connection.driver_connection
        if database.dialect == "sqlite":
            # Prepared statements go past SQLAlchemy; SQLite's own trace has the values filled in.
            driver.set_trace_callback(lambda sql: statements.append((sql, ())))
            query(tx)
            driver.set_trace_callback(None)
            explain = "EXPLAIN QUERY PLAN "
        else:
            # The planner prefers a scan for tables this small.
            tx.execute(text("SET LOCAL enable_seqscan = off"))
            event.listen(tx, "before_cursor_execute", look)
            query(tx)
            event.remove(tx, "before_cursor_execute", look)
            explain = "EXPLAIN "
        sql, parameters = statements[0]
        return [str(row) for row in tx.exec_driver_sql(explain + sql, parameters)]

    return "\n".join(database.transact(work))
