"""Digest a table, so that two databases can be compared without reading one beside the other.

The digest is the sum of the hashes of all rows, so it does not depend on their order: databases
sort text differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Table

from gate.store.copy.rows import StoredRow, stream_rows
from gate.store.engine.database import Snapshot

_MODULUS: Final = 2**256
_encode: Final = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and the sum of their hashes as 64 hexadecimal digits."""

    rows: int
    digest: str


def digest_table(snapshot: Snapshot, table: Table) -> TableDigest:
    """Read a whole table and digest it."""
    return digest_rows(stream_rows(snapshot, table))


def digest_rows(rows: Iterable[StoredRow]) -> TableDigest:
    """Digest rows; their order makes no difference, their values and number do."""
    count = total = 0
    for row in rows:
        total += int.from_bytes(sha256(_encode(row)).digest(), "big")
        count += 1
    return TableDigest(count, f"{total % _MODULUS:064x}")
