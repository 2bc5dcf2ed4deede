"""Remember when each listing of workflow runs was last read in whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from gate.domain.evidence.absence import is_believed
from gate.domain.model.ids import RepositoryId
from gate.domain.requests.missing_facts import ListingNeeded
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_update
from gate.store.engine.tables.github import listings

_read: Final = Prepared(select(listings).where(listings.c.repository_id == bindparam("repository")))
_replace: Final = insert_or_update(listings)


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """When a listing was read last, which is from before GitHub was asked.

    `absent_since` is set while GitHub lists nothing although there were runs: when that was first
    seen. All runs that began at `reaches_to` or later were listed; None when it was all there are.
    """

    read_at: datetime
    absent_since: datetime | None = None
    reaches_to: datetime | None = None

    def tells_of(self, started_at: datetime) -> bool:
        """Return whether it is known of a run that began then that no newer one is missing."""
        was_there = self.absent_since is None or started_at > self.absent_since
        return was_there and (self.reaches_to is None or started_at >= self.reaches_to)

    @property
    def is_unsettled(self) -> bool:
        """Return whether it is not believed yet that the runs are gone."""
        return self.absent_since is not None and not is_believed(self.absent_since, self.read_at)


def record_listing(
    tx: Transaction, repository_id: RepositoryId, listing: ListingNeeded, record: ListingRecord
) -> None:
    """Note that a listing was read."""
    values = {
        "repository_id": repository_id,
        "path": listing.path,
        "branch": listing.branch,
        "read_at": record.read_at,
        "absent_since": record.absent_since,
        "reaches_to": record.reaches_to,
    }
    _replace.change(tx, values)


def read_listings(
    snapshot: Snapshot, repository_id: RepositoryId
) -> Mapping[ListingNeeded, ListingRecord]:
    """Return of each listing of a repository when it was last read."""
    rows = _read.rows(snapshot, {"repository": repository_id})
    return {
        ListingNeeded(row.path, row.branch): ListingRecord(
            row.read_at, row.absent_since, row.reaches_to
        )
        for row in rows
    }
