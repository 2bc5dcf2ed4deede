"""Store which repositories and installations there are; ids are the identity, names are not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select, update

from gate.domain.model.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId
from gate.domain.model.runs import Account
from gate.domain.requests.sweep_budget import Candidate
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore, insert_or_update
from gate.store.engine.tables.github import installations, repositories
from gate.store.engine.tables.requests import gate_requests
from gate.store.incidents.checks import mark_check_of_returned, mark_checks_of_installation
from gate.store.requests.requests import IS_UNDECIDED

_AT_ONCE: Final = 5_000
_read: Final = Prepared(
    select(repositories).where(repositories.c.repository_id == bindparam("repository"))
)
_read_served: Final = Prepared(
    select(repositories)
    .outerjoin(installations, installations.c.installation_id == repositories.c.installation_id)
    .where(
        repositories.c.repository_id == bindparam("repository"),
        repositories.c.removed.is_(False),
        func.coalesce(installations.c.status, InstallationStatus.ACTIVE.value)
        == InstallationStatus.ACTIVE.value,
    )
)
_read_status: Final = Prepared(
    select(installations.c.status).where(
        installations.c.installation_id == bindparam("installation")
    )
)
_insert: Final = insert_or_ignore(repositories)
_replace_installation: Final = insert_or_update(installations)


def record_repository(tx: Transaction, seen: Repository) -> None:
    """Note a repository as it was seen; a default branch that was not told is not forgotten.

    One that contradicts what is known is not believed, since the sighting may be an old one: then
    nothing is known of it until GitHub is asked, and nothing is judged by it.

    One that was removed is ours again: should the sighting be an old one, the sweep asks in vain,
    which is better than a gate that nobody looks for. The incidents of one that returns, or has
    moved to another installation, are looked at.
    """
    row = _read.first(tx, {"repository": seen.id})
    if row is None:
        _insert.change(tx, _columns(seen) | {"removed": False})
        return
    known = _repository(row)
    if seen.default_branch is None:
        seen = replace(seen, default_branch=known.default_branch)
    elif known.default_branch not in {None, seen.default_branch}:
        seen = replace(seen, default_branch=None)
    if seen != known or row.removed:
        tx.execute(
            update(repositories)
            .where(repositories.c.repository_id == seen.id)
            .values(**_columns(seen), removed=False)
        )
    if row.removed or seen.installation_id != known.installation_id:
        mark_check_of_returned(tx, seen.id)


def read_repository(snapshot: Snapshot, repository_id: RepositoryId) -> Repository | None:
    """Read a repository as it was last seen."""
    row = _read.first(snapshot, {"repository": repository_id})
    return _repository(row) if row is not None else None


def names_of(snapshot: Snapshot, repository_ids: Collection[int]) -> dict[RepositoryId, str]:
    """Return the present full names of repositories, as far as they are known."""
    t = repositories.c
    query = select(t.repository_id, t.full_name).where(t.repository_id.in_(repository_ids))
    return {RepositoryId(row.repository_id): row.full_name for row in snapshot.execute(query)}


def read_served_repository(snapshot: Snapshot, repository_id: RepositoryId) -> Repository | None:
    """Read a repository on which the App is at work: installed, and neither removed nor suspended.

    An installation counts as active until GitHub has said otherwise.
    """
    row = _read_served.first(snapshot, {"repository": repository_id})
    return _repository(row) if row is not None else None


def read_repositories(
    snapshot: Snapshot, repository_ids: Collection[RepositoryId]
) -> list[Repository]:
    """Read some repositories; those that were removed are left out."""
    wanted = sorted(repository_ids)
    found: list[Repository] = []
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(repositories).where(
            repositories.c.repository_id.in_(wanted[start : start + _AT_ONCE]),
            repositories.c.removed.is_(False),
        )
        found += [_repository(row) for row in snapshot.execute(query)]
    return found


def record_installation(tx: Transaction, seen: InstallationSeen, now: datetime) -> None:
    """Note an installation, the repositories it gained and those it lost.

    The incidents of one that is at work again are looked at: nothing was heard meanwhile.
    """
    known = _read_status.first(tx, {"installation": seen.installation_id})
    values = {
        "installation_id": seen.installation_id,
        "account_id": seen.account.id,
        "account_login": seen.account.login,
        "status": seen.status.value,
        "seen_at": now,
    }
    _replace_installation.change(tx, values)
    for repository in seen.repositories:
        record_repository(tx, repository)
    # One that was transferred is its new owner's: what the old one lost says nothing of it.
    gone: ColumnElement[bool] = repositories.c.installation_id == seen.installation_id
    if seen.status is not InstallationStatus.DELETED:
        gone = and_(gone, repositories.c.repository_id.in_(seen.removed))
    tx.execute(update(repositories).where(gone).values(removed=True))
    is_active = seen.status is InstallationStatus.ACTIVE
    if is_active and known is not None and known.status != InstallationStatus.ACTIVE:
        mark_checks_of_installation(tx, seen.installation_id, now)


def _awaited_repositories() -> Select[tuple[int]]:
    """Select the repositories in which requests wait, from one to the next by the index.

    So each costs the same, however many requests wait there.
    """
    number = gate_requests.c.repository_id
    least = select(func.min(number).label("number")).where(IS_UNDECIDED)
    awaited = least.cte("awaited", recursive=True)
    following = select(func.min(number)).where(IS_UNDECIDED, number > awaited.c.number)
    more = select(following.scalar_subquery()).where(awaited.c.number.is_not(None))
    awaited = awaited.union_all(more)
    return select(awaited.c.number).where(awaited.c.number.is_not(None))


_awaited: Final = _awaited_repositories()


def look_candidates(snapshot: Snapshot, looked_before: datetime, limit: int) -> list[Candidate]:
    """List the repositories that were last looked at before that, longest ago first.

    Those that were tried in vain count as looked at, so that what GitHub refuses now stands in
    nobody's way; those of installations that are suspended or gone are left out.
    """
    looked_at = repositories.c.looked_at
    inactive = select(installations.c.installation_id).where(
        installations.c.status != InstallationStatus.ACTIVE
    )
    rows = snapshot.execute(
        select(repositories, repositories.c.repository_id.in_(_awaited).label("is_awaited"))
        .where(
            repositories.c.removed.is_(False),
            repositories.c.installation_id.not_in(inactive),
            or_(looked_at.is_(None), looked_at <= looked_before),
        )
        .order_by(looked_at.is_not(None), looked_at)
        .limit(limit)
    )
    return [Candidate(_repository(row), row.is_awaited, row.looked_at) for row in rows]


def record_looked(tx: Transaction, repository_ids: Sequence[RepositoryId], now: datetime) -> None:
    """Note that repositories had their turn, whether or not they could be looked at."""
    tx.execute(
        update(repositories)
        .where(repositories.c.repository_id.in_(repository_ids))
        .values(looked_at=now)
    )


def _repository(row: Row[Any]) -> Repository:
    return Repository(
        id=RepositoryId(row.repository_id),
        installation_id=InstallationId(row.installation_id),
        full_name=row.full_name,
        owner=Account(AccountId(row.owner_id), row.owner_login),
        default_branch=row.default_branch,
    )


def _columns(seen: Repository) -> dict[str, object]:
    return {
        "repository_id": seen.id,
        "installation_id": seen.installation_id,
        "full_name": seen.full_name,
        "owner_id": seen.owner.id,
        "owner_login": seen.owner.login,
        "default_branch": seen.default_branch,
    }
