"""Read the trail for those who check it: as exported, in whole chains, page by page.

Values come as they stand in the database. One that no entry was ever written with is passed on as
it is, so that the check of the chain can name its entry.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Row, Select, select, type_coerce, union

from gate.domain.audit.chain import FIELDS, ChainHead, Checkpoint, written
from gate.domain.audit.verify import Broken, Chain, Intact, Trusts, check_chain
from gate.domain.model.access import EVERYTHING, Visible
from gate.domain.model.ids import DecisionId, InstallationId, RepositoryId, RunId
from gate.store.engine.codec import decode_detail
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_checkpoints, audit_entries, audit_heads
from gate.store.engine.visibility import only_visible

FILTERS: Final = (
    "repository",
    "repository_id",
    "installation_id",
    "environment",
    "run_id",
    "run_attempt",
    "kind",
    "actor",
    "reason",
)
"""The fields by which entries can be narrowed down."""

NUMBERS: Final = frozenset({"installation_id", "repository_id", "run_id", "run_attempt"})
"""The filters whose values are numbers."""

_BATCH: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_t: Final = audit_entries.c
_columns: Final = (
    _t.id,
    *(_t[name] for name in FIELDS if name != "at"),
    type_coerce(_t.at, BigInteger).label("at"),
)


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """An exported entry with its place among those of all installations."""

    place: int
    fields: dict[str, object]


def stream_entries(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    visible: Visible,
    since: datetime | None = None,
) -> Generator[dict[str, object]]:
    """Read entries chain by chain, oldest first, a batch at a time.

    An entry that concerns no repository, such as an installation's, is for those who see all.
    """
    query = _matching(filters, visible).order_by(_t.installation_id, _t.sequence, _t.id)
    if since is not None:
        query = query.where(_t.at >= since)
    # Whoever stops half-way closes the iterator, and that the server's cursor.
    with snapshot.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            yield _exported(row)


def list_entries(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    limit: int,
    before: int | None,
    visible: Visible,
) -> list[NumberedEntry]:
    """List entries, newest first, from the one before the place `before` on."""
    query = _matching(filters, visible).order_by(_t.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_t.id < before)
    return [NumberedEntry(row.id, _exported(row)) for row in snapshot.execute(query)]


def check_trail(snapshot: Snapshot, trusts: Trusts) -> Iterator[Intact | Broken]:
    """Check every chain there is, in the order of the installations' numbers."""
    tables = (audit_entries, audit_heads, audit_checkpoints)
    known = union(*(select(table.c.installation_id) for table in tables))
    for installation_id in sorted(snapshot.scalars(known)):
        chain = _read_chain(snapshot, InstallationId(installation_id))
        filters = {"installation_id": installation_id}
        with closing(stream_entries(snapshot, filters=filters, visible=EVERYTHING)) as entries:
            result = check_chain(chain, entries, trusts)
        yield result


def recorded_digest(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, decision_id: DecisionId
) -> str | None:
    """Return what the trail says a decision's record hashes to; None when it says nothing."""
    query = select(_t.detail).where(
        _t.repository_id == repository_id, _t.run_id == run_id, _t.kind == "decision.made"
    )
    for text in snapshot.scalars(query):
        detail = _detail(text)
        if isinstance(detail, dict) and detail.get("decision_id") == decision_id:
            return str(detail.get("record"))
    return None


def _matching(filters: Mapping[str, object], visible: Visible) -> Select[Any]:
    query = select(*_columns).where(*(_t[name] == value for name, value in filters.items()))
    return only_visible(query, _t.repository_id, visible)


def _read_chain(snapshot: Snapshot, installation_id: InstallationId) -> Chain:
    head = snapshot.execute(
        select(audit_heads).where(audit_heads.c.installation_id == installation_id)
    ).one_or_none()
    return Chain(
        installation_id,
        ChainHead(installation_id, head.sequence, head.hash) if head is not None else None,
        _read_checkpoints(snapshot, installation_id),
    )


def _read_checkpoints(snapshot: Snapshot, installation_id: InstallationId) -> Sequence[Checkpoint]:
    t = audit_checkpoints.c
    rows = snapshot.execute(
        select(audit_checkpoints).where(t.installation_id == installation_id).order_by(t.sequence)
    )
    return [
        Checkpoint(
            installation_id, row.sequence, row.hash, row.at, row.key_fingerprint, row.signature
        )
        for row in rows
    ]


def _exported(row: Row[Any]) -> dict[str, object]:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's name for it
    fields: dict[str, object] = {name: values[name] for name in FIELDS}
    fields["at"] = _instant(row.at)
    fields["detail"] = _detail(row.detail)
    return fields


def _instant(value: object) -> object:
    try:
        return written(_EPOCH + timedelta(microseconds=value))  # type: ignore[arg-type]  # or it raises
    except (TypeError, OverflowError):
        return value


def _detail(value: object) -> object:
    try:
        return decode_detail(value)  # type: ignore[arg-type]  # or it raises
    except (TypeError, msgspec.DecodeError):
        return value
