"""A repository is found by its name, which GitHub gives to another one after a while."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database
from gate.store.github.names import find_visible, may_see_owners
from gate.store.github.repositories import record_repository
from tests.store.github.test_repositories import install, make_repository
from tests.support.builders.runs import make_account

OLD: Final = RepositoryId(7)
NEW: Final = RepositoryId(8)


def find(database: Database, name: str, visible: Visible) -> RepositoryId | None:
    """Find a repository by its name."""
    return database.read(lambda it: find_visible(it, name, visible))


def keep(database: Database, *numbers: int) -> None:
    """Record repositories that are all called alike."""
    for number in numbers:
        seen = make_repository(number, full_name="acme/shop")
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]


def test_only_those_that_may_be_seen_are_found(database: Database) -> None:
    """A name that two of them have, since one was renamed, does not reveal the other."""
    keep(database, OLD, NEW)
    for number in (OLD, NEW):
        assert find(database, "acme/shop", Visible(frozenset({number}))) == number
    assert find(database, "acme/shop", NOTHING) is None


@pytest.mark.parametrize(("removed", "found"), [(OLD, NEW), (NEW, OLD), (None, NEW)])
def test_the_one_that_is_at_work_is_meant(
    database: Database, removed: RepositoryId | None, found: RepositoryId
) -> None:
    """Of two at work it is the newer one; one that was removed is found only by itself."""
    keep(database, OLD, NEW)
    if removed is not None:
        install(database, lost=(removed,))
    assert find(database, "acme/shop", EVERYTHING) == found


@pytest.mark.parametrize("name", ["ACME/Shop", "acme/shop"])
def test_a_name_has_no_case(database: Database, name: str) -> None:
    """As on GitHub."""
    keep(database, NEW)
    assert find(database, name, EVERYTHING) == NEW


@pytest.mark.parametrize("name", ["", "shop", "acme/shop/", "a\0b/c"])
def test_anything_else_is_not_found(database: Database, name: str) -> None:
    """PostgreSQL takes no text with a NUL, which is no name either."""
    keep(database, NEW)
    assert find(database, name, EVERYTHING) is None


def test_the_owner_of_a_policy_counts_by_id(database: Database) -> None:
    """Whoever takes a former owner's name, with a `.github` of their own, sees no policy by it."""
    owner, thief = make_account("acme", id=1), make_account("acme", id=2)
    for number, name, account in ((7, "shop", owner), (8, ".github", owner), (9, ".GitHub", thief)):
        seen = make_repository(number, full_name=f"acme/{name}", owner=account)
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]

    def sees(*numbers: int) -> bool:
        visible = Visible(frozenset(map(RepositoryId, numbers)))
        return database.read(lambda it: may_see_owners(it, owner.id, visible))

    assert (sees(7, 8), sees(7), sees(7, 9)) == (True, False, False)
    assert database.read(lambda it: may_see_owners(it, owner.id, EVERYTHING))
