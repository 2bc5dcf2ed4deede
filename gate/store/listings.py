"""Remember when each listing of workflow runs was last read in whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from gate.domain.absence import is_believed
from gate.domain.ids import RepositoryId
from gate.domain.missing import ListingNeeded
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import listings
from gate.store.upsert import insert_or_update

_ALL_BRANCHES: Final = ""

_read: Final = Prepared(select(listings).where(listings.c.repository_id == bindparam("repository")))
_replace: Final = insert_or_update(listings)


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """When a listing was read last, which is from before GitHub was asked.

    `absent_since` is set while GitHub lists nothing although there were runs: when that was first
    seen.
    """

    read_at: datetime
    absent_since: datetime | None = None

    @property
    def is_unsettled(self) -> bool:
        """Say whether it is not believed yet that the runs are gone."""
        return self.absent_since is not None and not is_believed(self.absent_since, self.read_at)


def record_listing(
    tx: Transaction, repository_id: RepositoryId, listing: ListingNeeded, record: ListingRecord
) -> None:
    """Note that a listing was read."""
    values = {
        "repository_id": repository_id,
        "path": listing.path,
        "branch": listing.branch or _ALL_BRANCHES,
        "read_at": record.read_at,
        "absent_since": record.absent_since,
    }
    _replace.change(tx, values)


def read_listings(
    snapshot: Snapshot, repository_id: RepositoryId
) -> Mapping[ListingNeeded, ListingRecord]:
    """Tell of each listing of a repository when it was last read."""
    rows = _read.rows(snapshot, {"repository": repository_id})
    return {
        ListingNeeded(row.path, row.branch or None): ListingRecord(row.read_at, row.absent_since)
        for row in rows
    }
