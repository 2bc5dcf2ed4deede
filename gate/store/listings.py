"""Remember when each listing of workflow runs was last read in whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from gate.domain.ids import RepositoryId
from gate.domain.missing import ListingNeeded
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import listings
from gate.store.upsert import insert_or_update

_ALL_BRANCHES: Final = ""

_read: Final = Prepared(
    select(listings.c.path, listings.c.branch, listings.c.read_at).where(
        listings.c.repository_id == bindparam("repository")
    )
)
_replace: Final = insert_or_update(listings)


def record_listing(
    tx: Transaction, repository_id: RepositoryId, listing: ListingNeeded, read_at: datetime
) -> None:
    """Note that a listing was read; `read_at` is from before GitHub was asked."""
    values = {
        "repository_id": repository_id,
        "path": listing.path,
        "branch": listing.branch or _ALL_BRANCHES,
        "read_at": read_at,
    }
    _replace.change(tx, values)


def read_listings(
    snapshot: Snapshot, repository_id: RepositoryId
) -> Mapping[ListingNeeded, datetime]:
    """Tell when each listing of a repository was last read."""
    rows = _read.rows(snapshot, {"repository": repository_id})
    return {ListingNeeded(row.path, row.branch or None): row.read_at for row in rows}
