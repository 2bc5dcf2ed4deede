"""Repositories are known by number, and swept while their installation is active."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from gate.domain.model.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.model.request import RequestState
from gate.store.engine.database import Database
from gate.store.github.repositories import (
    look_candidates,
    read_repository,
    record_installation,
    record_looked,
    record_repository,
)
from tests.support.builders.defaults import BRANCH, INSTALLATION, NOW, REPOSITORY, before
from tests.support.builders.requests import make_key
from tests.support.builders.runs import make_account
from tests.support.rows import answer, asked, end, wait

EARLY: Final = before(minutes=15)


def make_repository(number: int = REPOSITORY, **changes: Any) -> Repository:
    """Make a repository as a delivery names it."""
    values: dict[str, Any] = {
        "id": RepositoryId(number),
        "installation_id": INSTALLATION,
        "full_name": "acme/shop",
        "owner": make_account("acme"),
        "default_branch": BRANCH,
    }
    return Repository(**values | changes)


def see(database: Database, *seen: Repository) -> None:
    """Note repositories."""
    for repository in seen:
        database.transact(lambda tx, it=repository: record_repository(tx, it))  # type: ignore[misc]


def install(
    database: Database,
    status: InstallationStatus = InstallationStatus.ACTIVE,
    *gained: Repository,
    lost: tuple[int, ...] = (),
) -> None:
    """Note the installation."""
    removed = tuple(RepositoryId(it) for it in lost)
    seen = InstallationSeen(INSTALLATION, make_account("acme"), status, gained, removed)
    database.transact(lambda tx: record_installation(tx, seen, NOW))


def known(database: Database, number: int = REPOSITORY) -> Repository | None:
    """Read a repository."""
    return database.read(lambda snapshot: read_repository(snapshot, RepositoryId(number)))


def look(database: Database, number: int, at: datetime) -> None:
    """Note a look."""
    database.transact(lambda tx: record_looked(tx, [RepositoryId(number)], at))


def to_sweep(database: Database, limit: int = 100) -> list[int]:
    """Name the repositories that may be looked at, in order."""
    found = database.read(lambda snapshot: look_candidates(snapshot, EARLY, limit))
    return [it.repository.id for it in found]


def test_a_repository_is_read_as_it_was_seen(database: Database) -> None:
    """What was seen last is known; before that nothing is."""
    assert known(database) is None
    see(database, make_repository())
    assert known(database) == make_repository()


def test_names_change_and_numbers_stay(database: Database) -> None:
    """A repository that was renamed or moved is the same one."""
    moved = make_repository(full_name="octo/store", owner=make_account("octo", id=2))
    see(database, make_repository(), moved)
    assert known(database) == moved


def test_a_default_branch_that_contradicts_is_asked_for(database: Database) -> None:
    """An old sighting may come late: with two branches told, none is known until one is read."""
    see(database, make_repository(), make_repository(default_branch="trunk"))
    assert known(database) == make_repository(default_branch=None)
    see(database, make_repository(default_branch="trunk"))
    assert known(database) == make_repository(default_branch="trunk")


def test_a_default_branch_is_not_forgotten(database: Database) -> None:
    """A delivery that does not tell the branch leaves it, and still brings the new name."""
    see(database, make_repository(), make_repository(full_name="acme/new", default_branch=None))
    assert known(database) == make_repository(full_name="acme/new")


def test_an_installation_brings_and_takes_repositories(database: Database) -> None:
    """What an installation gained is swept, what it lost is not, and may come back."""
    install(database, InstallationStatus.ACTIVE, make_repository(1), make_repository(2))
    assert sorted(to_sweep(database)) == [1, 2]
    install(database, lost=(1,))
    assert to_sweep(database) == [2]
    install(database, InstallationStatus.ACTIVE, make_repository(1, full_name="acme/back"))
    assert sorted(to_sweep(database)) == [1, 2]


def test_a_transferred_repository_stays_with_its_new_owner(database: Database) -> None:
    """What the installation of the old owner has lost is not taken from that of the new one."""
    install(database, InstallationStatus.ACTIVE, make_repository(1))
    see(database, make_repository(1, installation_id=InstallationId(INSTALLATION + 1)))
    install(database, lost=(1,))
    assert to_sweep(database) == [1]


def test_a_repository_comes_back_unchanged(database: Database) -> None:
    """What was removed is swept again once it is seen, though nothing about it has changed."""
    install(database, InstallationStatus.ACTIVE, make_repository())
    install(database, lost=(REPOSITORY,))
    assert to_sweep(database) == []
    install(database, InstallationStatus.ACTIVE, make_repository())
    assert to_sweep(database) == [REPOSITORY]


def test_a_webhook_brings_a_removed_repository_back(database: Database) -> None:
    """A delivery of it shows that it is ours, even where the installation's own was lost."""
    install(database, InstallationStatus.ACTIVE, make_repository())
    install(database, lost=(REPOSITORY,))
    see(database, make_repository(default_branch=None))
    assert to_sweep(database) == [REPOSITORY]
    assert known(database) == make_repository()


@pytest.mark.parametrize("status", [InstallationStatus.SUSPENDED, InstallationStatus.DELETED])
def test_what_is_not_ours_is_not_swept(database: Database, status: InstallationStatus) -> None:
    """Repositories of an installation that is suspended or gone are left alone."""
    install(database, InstallationStatus.ACTIVE, make_repository(1))
    see(database, make_repository(2, installation_id=5))
    asked(database, key=make_key(repository_id=1))
    install(database, status)
    assert to_sweep(database) == [2]


def test_a_suspension_that_ends_brings_the_sweep_back(database: Database) -> None:
    """After it is active again an installation's repositories are looked at."""
    install(database, InstallationStatus.ACTIVE, make_repository(1))
    install(database, InstallationStatus.SUSPENDED)
    install(database, InstallationStatus.ACTIVE)
    assert to_sweep(database) == [1]


def test_an_installation_that_was_never_seen_counts_as_active(database: Database) -> None:
    """Nobody has to tell of an installation before its repositories are swept."""
    see(database, make_repository())
    assert to_sweep(database) == [REPOSITORY]


def test_who_was_looked_at_longest_ago_comes_first(database: Database) -> None:
    """Those never looked at come first; on the instant one may be looked at again."""
    for number in range(1, 6):
        see(database, make_repository(number))
    for number, at in (
        (2, EARLY),
        (3, EARLY - timedelta(hours=1)),
        (4, EARLY + timedelta.resolution),
        (5, NOW),
    ):
        look(database, number, at)
    assert to_sweep(database) == [1, 3, 2]
    assert to_sweep(database, limit=2) == [1, 3]


@pytest.mark.parametrize(
    ("ending", "is_awaited"),
    [("open", True), ("waiting", True), ("answered", False), ("lapsed", False)],
)
def test_what_waits_is_told(database: Database, ending: str, is_awaited: bool) -> None:
    """A repository with an undecided request is looked at more often."""
    see(database, make_repository(), make_repository(2))
    request = asked(database)
    if ending == "waiting":
        wait(database, request)
    elif ending == "answered":
        answer(database, request)
    elif ending == "lapsed":
        end(database, request, RequestState.LAPSED)
    found = database.read(lambda snapshot: look_candidates(snapshot, EARLY, 100))
    awaited = {it.repository.id: it.is_awaited for it in found}
    assert awaited == {REPOSITORY: is_awaited, 2: False}
