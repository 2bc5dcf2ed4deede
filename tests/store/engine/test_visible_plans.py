"""A reader of few repositories and one of many are served by the indexes meant for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.migrations.migrate import migrate
from gate.store.requests.history import HistoryFilter, list_history
from gate.store.requests.places import read_overridden_runs, read_queues
from gate.store.statistics.flows import read_flows
from gate.store.statistics.scope import Scope
from gate.store.statistics.stories import read_stories
from tests.store.engine.test_indexes import DAY
from tests.support.builders.defaults import before
from tests.support.plans import plan_of

Read = Callable[[Snapshot, Visible], object]

ONE: Final = Visible(frozenset({RepositoryId(1)}))
FEW: Final = Visible(frozenset(map(RepositoryId, range(1_000))))
MANY: Final = Visible(frozenset(map(RepositoryId, range(10_000))))


def history(snapshot: Snapshot, visible: Visible) -> object:
    """Read a page of the last week's history."""
    wanted = HistoryFilter(since=before(days=7))
    return list_history(snapshot, wanted, visible, limit=100)


def flows(snapshot: Snapshot, visible: Visible) -> object:
    """Read how flows did."""
    return read_flows(snapshot, DAY, Scope(visible), None)


def stories(snapshot: Snapshot, visible: Visible) -> object:
    """Read the incidents of a day."""
    return read_stories(snapshot, DAY, Scope(visible))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Provide a SQLite file without rows, whose planner knows nothing of its tables."""
    path: Path = tmp_path_factory.mktemp("visible") / "gate.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("read", "visible", "index"),
    [
        (history, ONE, "ix_gate_requests_repository_history"),
        (history, FEW, "ix_gate_requests_repository_history"),
        (history, MANY, "ix_gate_requests_opened_at"),
        (stories, ONE, "ix_incidents_environment"),
        (stories, FEW, "ix_incidents_environment"),
        (stories, MANY, "ix_incidents_opened_at"),
        (read_queues, FEW, "ix_gate_requests_undecided"),
        (read_queues, MANY, "ix_gate_requests_undecided"),
        *((flows, visible, "ix_validation_reports_trouble") for visible in (ONE, FEW, MANY)),
        *(
            (read_overridden_runs, visible, "ix_gate_requests_overridden")
            for visible in (ONE, FEW, MANY)
        ),
    ],
)
def test_sqlite_takes_the_index_for_a_reader(
    sqlite: Database, read: Read, visible: Visible, index: str
) -> None:
    """By repository for a few, by time for many, and always by an index of few rows."""
    assert index in plan_of(sqlite, lambda it: read(it, visible))
