"""Chain the entries of the trail by their hashes, and check such a chain.

Pure. An entry's hash covers all its fields and the hash of the entry before it, so nothing can be
changed, left out, put in or moved without the rest no longer fitting. What stands here is all that
an auditor has to do again: see docs/reference/audit.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from gate.domain.model.ids import InstallationId, RepositoryId, RunId

FIELDS: Final = (
    "sequence",
    "at",
    "installation_id",
    "repository_id",
    "run_id",
    "run_attempt",
    "environment",
    "kind",
    "actor",
    "reason",
    "detail",
    "hash",
    "previous_hash",
)
"""The fields of an entry in the order in which they are exported."""

FIRST: Final = "0" * 64
"""What the first entry of a chain has for the hash of the entry before it."""

Fields = Mapping[str, object]
"""An entry as it is exported: every name of `FIELDS`, with values that JSON knows."""

_canonical: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that happened; `kind` is a `noun.verbed` that does not change its meaning."""

    at: datetime
    installation_id: InstallationId
    repository_id: RepositoryId | None
    run_id: RunId | None
    run_attempt: int | None
    environment: str | None
    kind: str
    actor: str
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last entry of an installation's chain."""

    installation_id: InstallationId
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An entry's hash, signed with the App's key: without it nobody can change what led there.

    `signature` is base64, `key_fingerprint` is spelled as GitHub shows it on the App's page.
    """

    installation_id: InstallationId
    sequence: int
    hash: str
    at: datetime
    key_fingerprint: str
    signature: str = ""


def canonical(value: object) -> str:
    """Write JSON in its one canonical form: sorted keys, no blanks, nothing escaped needlessly.

    Raises TypeError or ValueError for what JSON has no word for.
    """
    return _canonical.encode(value)


def written(at: datetime) -> str:
    """Write an instant as the trail does: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def entry_hash(fields: Fields) -> str:
    """Hash an entry: SHA-256 over the canonical JSON of every field but `hash` itself."""
    covered = {name: value for name, value in fields.items() if name != "hash"}
    return sha256(canonical(covered).encode()).hexdigest()


def chained(entry: AuditEntry, detail: Mapping[str, object], head: ChainHead) -> dict[str, object]:
    """Return the fields of `entry` as the one that follows `head`.

    `detail` is the entry's own in values that JSON knows.
    """
    fields: dict[str, object] = {
        "sequence": head.sequence + 1,
        "at": written(entry.at),
        "installation_id": entry.installation_id,
        "repository_id": entry.repository_id,
        "run_id": entry.run_id,
        "run_attempt": entry.run_attempt,
        "environment": entry.environment,
        "kind": entry.kind,
        "actor": entry.actor,
        "reason": entry.reason,
        "detail": detail,
        "previous_hash": head.hash,
    }
    return {**fields, "hash": entry_hash(fields)}


def checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """Return the text that a checkpoint's signature is made over."""
    lines = (
        "deployment-gate audit checkpoint v1",
        f"installation_id={checkpoint.installation_id}",
        f"sequence={checkpoint.sequence}",
        f"hash={checkpoint.hash}",
        f"at={written(checkpoint.at)}",
        f"key_fingerprint={checkpoint.key_fingerprint}",
    )
    return "".join(f"{line}\n" for line in lines).encode()
