"""What a reader sees, be it of one repository or of ten thousand, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, select

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.domain.statistics.record import Period
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.visibility import only_visible
from gate.store.github.names import repository_names
from gate.store.github.repositories import record_repository
from gate.store.github.stored_policies import repositories_looked_up
from gate.store.incidents.open_incidents import count_open
from gate.store.requests.history import HistoryFilter, list_history
from gate.store.requests.places import read_newest_requests, read_overridden_runs, read_queues
from gate.store.statistics.flows import read_flows
from gate.store.statistics.holds import read_holds
from gate.store.statistics.releases import read_releases
from gate.store.statistics.scope import Scope
from gate.store.statistics.stories import read_stories
from gate.store.statistics.validations import find_validations
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import NOW, before

DAY: Final = Period(before(days=1), NOW)

READS: Final[dict[str, Callable[[Snapshot, Visible], object]]] = {
    "history": lambda it, seen: list_history(it, HistoryFilter(), seen, limit=100),
    "names": repository_names,
    "open incidents": count_open,
    "newest requests": read_newest_requests,
    "queues": read_queues,
    "overridden": read_overridden_runs,
    "looked up": repositories_looked_up,
    "validations": lambda it, seen: find_validations(it, Scope(seen)),
    "flows": lambda it, seen: read_flows(it, DAY, Scope(seen), None),
    "stories": lambda it, seen: read_stories(it, DAY, Scope(seen)),
    "releases": lambda it, seen: read_releases(it, DAY, Scope(seen)),
    "holds": lambda it, seen: read_holds(it, DAY, Scope(seen)),
}


def seeing(*numbers: int) -> Visible:
    """Make a reader's sight of some repositories."""
    return Visible(frozenset(map(RepositoryId, numbers)))


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (EVERYTHING, [1, 2, 3, 2**62]),
        (NOTHING, []),
        (seeing(2), [2]),
        (seeing(3, 1), [1, 3]),
        (seeing(1, 2**62, 7), [1, 2**62]),
        (seeing(*range(2, 10_000)), [2, 3]),
    ],
    ids=["all", "none", "one", "two", "large numbers", "many"],
)
def test_only_visible_rows_are_read(
    database: Database, visible: Visible, expected: list[int]
) -> None:
    """However many repositories a reader may see, and whatever their numbers."""
    for number in (1, 2, 3, 2**62):
        seen = make_repository(number, full_name=f"acme/{number}")
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]
    column = repositories.c.repository_id
    query = only_visible(select(column).order_by(column), column, visible)
    assert database.read(lambda it: list(it.scalars(query))) == expected


@pytest.mark.parametrize(("few", "many"), [(2, 1_000), (4_000, 10_000)])
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_statement_does_not_grow_with_what_may_be_seen(
    database: Database, read: Callable[[Snapshot, Visible], object], few: int, many: int
) -> None:
    """The repositories are one parameter of it, or a few."""
    short = recorded(database, lambda it: read(it, seeing(*range(few))))
    long = recorded(database, lambda it: read(it, seeing(*range(many))))
    assert long == short


def recorded(database: Database, work: Callable[[Snapshot], object]) -> list[tuple[str, int]]:
    """Read, and give each statement that SQLAlchemy sends with the number of its parameters."""
    statements: list[tuple[str, int]] = []

    def look(
        _connection: Connection, _cursor: object, sql: str, parameters: Any, *_: object
    ) -> None:
        statements.append((sql, len(parameters)))

    def listen(snapshot: Snapshot) -> None:
        event.listen(snapshot, "before_cursor_execute", look)
        work(snapshot)
        event.remove(snapshot, "before_cursor_execute", look)

    database.read(listen)
    return statements
