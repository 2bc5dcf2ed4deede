"""What runs all the time reads as much beside 20,000 waiting requests as beside 20."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import event, insert, text

from gate.domain.model.ids import InstallationId
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.requests import gate_requests
from gate.store.github.repositories import look_candidates
from gate.store.next_due import read_due_work
from gate.store.requests.requests import due_requests
from tests.store.conftest import DIALECTS, new_postgresql
from tests.support.builders.defaults import NOW, REPOSITORY, SHA

REPOSITORIES: Final = 20
MANY: Final = 20_000

QUERIES: Final[dict[str, Callable[[Snapshot], object]]] = {
    "what to sweep": lambda it: look_candidates(it, NOW, 20_000),
    "due requests": lambda it: due_requests(it, NOW, 500),
    "due work": lambda it: read_due_work(it, NOW),
}


@pytest.fixture(scope="module", params=DIALECTS)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Database]]:
    """Provide a database with few waiting requests and one with many; of each repository some."""
    opened = []
    for count in (REPOSITORIES, MANY):
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('waiting')}/gate.db"
        else:
            url = new_postgresql(request.getfixturevalue("postgresql"), f"waiting_{count}")
        database = Database(url)
        migrate(database)
        _fill(database, count)
        opened.append(database)
    yield opened[0], opened[1]
    for database in opened:
        database.close()


def _fill(database: Database, count: int) -> None:
    rows = [_request(number) for number in range(count)]
    database.transact(lambda tx: tx.execute(insert(repositories), _repositories()).close())
    database.transact(lambda tx: tx.execute(insert(gate_requests), rows).close())
    if database.dialect == "postgresql":
        database.transact(lambda tx: tx.execute(text("ANALYZE")).close())


def _repositories() -> list[dict[str, object]]:
    return [
        {
            "repository_id": REPOSITORY + number,
            "installation_id": InstallationId(77),
            "owner_id": 1,
            "owner_login": "octo-org",
            "full_name": f"octo-org/r{number}",
            "default_branch": "main",
            "removed": False,
        }
        for number in range(REPOSITORIES)
    ]


def _request(number: int) -> dict[str, object]:
    at = NOW - timedelta(seconds=number)
    return {
        "installation_id": 77,
        "repository_id": REPOSITORY + number % REPOSITORIES,
        "run_id": 10_000 + number,
        "run_attempt": 1,
        "environment_key": "production",
        "environment": "production",
        "head_sha": SHA,
        "state": "waiting",
        "round": 1,
        "deployments": "[]",
        "unanswered": "[]",
        "opened_at": at,
        "waiting_since": at,
        "generation": 1,
        "watched": "[]",
        "due_at": NOW + timedelta(hours=1, seconds=number),
        "failures": 0,
        "lease_token": 1,
    }


@pytest.mark.parametrize("name", QUERIES)
def test_only_what_is_due_is_read(databases: tuple[Database, Database], name: str) -> None:
    """A thousand times as many requests that wait cost at most twice as much."""
    few, many = (_cost(it, QUERIES[name]) for it in databases)
    assert many <= 2 * few + 10


def _cost(database: Database, query: Callable[[Snapshot], object]) -> int:
    """Count SQLite's steps, in hundreds, or the rows that PostgreSQL's plan handles."""
    if database.dialect == "sqlite":
        return database.read(lambda it: _steps(it, query))
    return database.transact(lambda it: _rows(it, query))


def _steps(snapshot: Snapshot, query: Callable[[Snapshot], object]) -> int:
    driver: Any = snapshot.connection.driver_connection
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver.set_progress_handler(count, 100)
    query(snapshot)
    driver.set_progress_handler(None, 0)
    return steps


def _rows(snapshot: Snapshot, query: Callable[[Snapshot], object]) -> int:
    statements: list[tuple[str, Any]] = []

    def look(_c: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        statements.append((sql, parameters))

    event.listen(snapshot, "before_cursor_execute", look)
    query(snapshot)
    event.remove(snapshot, "before_cursor_execute", look)
    explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
    plans = [snapshot.exec_driver_sql(explain + sql, given).scalar() for sql, given in statements]
    return sum(_handled(plan[0]["Plan"]) for plan in plans if plan is not None)


def _handled(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0)
    own = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return int(own) + sum(_handled(it) for it in node.get("Plans", []))
