"""Read the names of repositories that somebody may see, and find one by its name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from sqlalchemy import func, select

from gate.domain.model.access import Visible
from gate.domain.model.ids import AccountId, RepositoryId
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.visibility import only_visible

MOST_NAMES: Final = 200


def repository_names(snapshot: Snapshot, visible: Visible) -> list[str]:
    """List the first repositories by name of those that the gate works on and a reader may see."""
    t = repositories.c
    query = select(t.full_name).where(t.removed.is_(False)).order_by(t.full_name).limit(MOST_NAMES)
    return list(snapshot.scalars(only_visible(query, t.repository_id, visible)))


def may_see_owners(snapshot: Snapshot, owner_id: AccountId, visible: Visible) -> bool:
    """Return whether a reader may see the `.github` repository of an owner.

    The owner counts by id: somebody else may have taken a former name.
    """
    return owner_id in owners_seen(snapshot, {owner_id}, visible)


def owners_seen(
    snapshot: Snapshot, owners: Collection[AccountId], visible: Visible
) -> frozenset[AccountId]:
    """Return those owners whose `.github` repository a reader may see."""
    if visible.repositories is None:
        return frozenset(owners)
    t = repositories.c
    query = select(t.owner_id).where(
        t.owner_id.in_(owners),
        t.removed.is_(False),
        func.lower(t.full_name).endswith("/.github"),
    )
    seen = snapshot.scalars(only_visible(query, t.repository_id, visible))
    return frozenset(map(AccountId, seen))


def names_of(
    snapshot: Snapshot, repository_ids: Iterable[RepositoryId | None], visible: Visible
) -> Mapping[RepositoryId, str]:
    """Return the full names of repositories, of those that are known and a reader may see."""
    t = repositories.c
    query = select(t.repository_id, t.full_name).where(
        t.repository_id.in_(it for it in repository_ids if it is not None)
    )
    rows = snapshot.execute(only_visible(query, t.repository_id, visible))
    return {RepositoryId(row.repository_id): row.full_name for row in rows}


def find_visible(snapshot: Snapshot, name: str, visible: Visible) -> RepositoryId | None:
    """Return the number of a repository by its full name in any case; None where none is seen.

    Names are reused: of two that had it, the one that the gate works on counts, then the newer.
    """
    if "\0" in name:
        # PostgreSQL takes no such text, not even to compare with.
        return None
    t = repositories.c
    query = (
        select(t.repository_id)
        .where(func.lower(t.full_name) == name.lower())
        .order_by(t.removed, t.repository_id.desc())
    )
    found = snapshot.execute(only_visible(query, t.repository_id, visible)).first()
    return RepositoryId(found.repository_id) if found is not None else None
