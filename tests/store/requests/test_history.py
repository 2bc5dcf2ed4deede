"""The history of requests: narrowed, page by page, each request exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId, RunId
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database, Snapshot
from gate.store.github.names import find_visible
from gate.store.github.repositories import record_repository
from gate.store.requests import deeds
from gate.store.requests.held import count_held, list_held
from gate.store.requests.history import HistoryCursor, HistoryFilter, list_history
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import ENVIRONMENT, FORK, NOW, REPOSITORY
from tests.support.builders.requests import make_key
from tests.support.chains import make_entry
from tests.support.rows import answer, asked, wait

OF_FORK = Visible(frozenset({RepositoryId(FORK)}))


@pytest.fixture(autouse=True)
def _known_repositories(database: Database) -> None:
    for number, name in ((REPOSITORY, "acme/shop"), (FORK, "octo/shop")):
        seen = make_repository(number, full_name=name)
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]


def runs(database: Database, visible: Visible = EVERYTHING, **wanted: Any) -> list[int]:
    """Name the runs that a filter leaves."""
    found = database.read(lambda it: list_history(it, HistoryFilter(**wanted), visible, limit=100))
    return [it.run_id for it in found]


@pytest.fixture
def _filled(database: Database) -> None:
    answer(database, asked(database, key=make_key(run_id=1), now=NOW - timedelta(days=2)))
    wait(database, asked(database, key=make_key(run_id=2), now=NOW - timedelta(days=1)))
    asked(database, key=make_key(run_id=3, repository_id=FORK), now=NOW)
    asked(database, key=make_key(run_id=4, environment="straße"), environment="Straße", now=NOW)
    for it in (
        make_entry(run_id=RunId(1), actor="carol", kind="override.requested"),
        make_entry(run_id=RunId(2), actor="carol", environment=None, run_attempt=None),
        make_entry(run_id=RunId(3), actor="carol"),
        make_entry(run_id=RunId(4), actor="mona"),
        make_entry(run_id=RunId(4), actor="gate", environment="Straße"),
    ):
        database.transact(lambda tx, one=it: record_audit(tx, one))  # type: ignore[misc]


@pytest.mark.usefixtures("_filled")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"repository_id": FORK}, [3]),
        ({"environment": "STRASSE"}, []),
        ({"environment": "STRAße"}, [4]),
        ({"state": "approved"}, [1]),
        ({"verdict": "wait"}, [2]),
        ({"reason": "validation_failed"}, [2]),
        ({"since": NOW - timedelta(days=1)}, [4, 3, 2]),
        ({"until": NOW - timedelta(days=1)}, [1]),
        # The entry of run 3 is about another repository, that of run 4 about another environment.
        ({"person": "carol"}, [2, 1]),
        ({"person": "CAROL"}, [2, 1]),
        ({"person": "carol", "since": NOW - timedelta(days=1)}, [2]),
        ({"person": "mona"}, []),
        ({"person": "gate"}, []),
        ({"person": "carol", "state": "approved"}, [1]),
    ],
    ids=str,
)
def test_filters_narrow(database: Database, wanted: dict[str, Any], expected: list[int]) -> None:
    """Each leaves what fits, and several what fits all."""
    assert runs(database, **wanted) == expected


@pytest.mark.usefixtures("_filled")
@pytest.mark.parametrize(("person", "expected"), [("carol", [2, 1]), ("mona", []), ("gate", [])])
def test_a_person_of_many_deeds_is_found_in_the_same_requests(
    database: Database, monkeypatch: pytest.MonkeyPatch, person: str, expected: list[int]
) -> None:
    """From the requests instead of from the deeds."""
    monkeypatch.setattr(deeds, "_FEW_DEEDS", -1)
    assert runs(database, person=person) == expected


@pytest.mark.usefixtures("_filled")
def test_deeds_on_forgotten_requests_do_not_count(database: Database) -> None:
    """What people did before the oldest request that is kept makes nothing slower."""
    old = make_entry(run_id=RunId(9), actor="carol", at=NOW - timedelta(days=100))
    for _ in range(3):
        database.transact(lambda tx: record_audit(tx, old))

    def count(snapshot: Snapshot) -> int:
        since = deeds.oldest_asking(snapshot)
        assert since == NOW - timedelta(days=2)
        return deeds.count_deeds(snapshot, deeds.spellings_of(snapshot, "Carol"), since)

    assert database.read(count) == 3


@pytest.mark.usefixtures("_filled")
def test_every_spelling_of_a_login_is_found(database: Database) -> None:
    """GitHub tells no two people apart by capital letters, and lets them change those."""
    again = make_entry(run_id=RunId(1), actor="Carol")
    database.transact(lambda tx: record_audit(tx, again))
    assert set(database.read(lambda it: deeds.spellings_of(it, "cArol"))) == {"carol", "Carol"}
    assert database.read(lambda it: deeds.spellings_of(it, "gate")) == []


@pytest.mark.usefixtures("_filled")
def test_only_what_may_be_seen_is_read(database: Database) -> None:
    """Of other repositories there is neither row nor name."""
    assert runs(database, OF_FORK) == [3]
    assert runs(database, OF_FORK, repository_id=REPOSITORY) == []
    assert runs(database, NOTHING) == []
    assert database.read(lambda it: find_visible(it, "ACME/Shop", EVERYTHING)) == REPOSITORY
    assert database.read(lambda it: find_visible(it, "acme/shop", OF_FORK)) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_each_request_is_on_one_page_while_new_ones_come(database: Database, size: int) -> None:
    """Several ask in the same instant, and after each page another one asks."""
    for number in range(1, 8):
        asked(database, key=make_key(run_id=number), now=NOW + timedelta(seconds=number // 3))
    seen: list[int] = []
    after: HistoryCursor | None = None
    while True:
        page = database.read(
            lambda it, last=after: list_history(  # type: ignore[misc]
                it, HistoryFilter(), EVERYTHING, limit=size, after=last
            )
        )
        if not page:
            break
        seen += [it.run_id for it in page]
        after = page[-1].cursor
        key = make_key(run_id=100 + len(seen))
        asked(database, key=key, now=NOW + timedelta(minutes=len(seen)))
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.usefixtures("_filled")
def test_what_is_held_is_listed_and_counted(database: Database) -> None:
    """Only what waits, by repository and environment."""
    held = database.read(lambda it: list_held(it, RepositoryId(REPOSITORY), ENVIRONMENT, 10))
    assert [it.run_id for it in held] == [2]
    counts = database.read(lambda it: count_held(it, [RepositoryId(REPOSITORY)]))
    assert counts == {(REPOSITORY, ENVIRONMENT): 1, (REPOSITORY, "straße"): 1}
