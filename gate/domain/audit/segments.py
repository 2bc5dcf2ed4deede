"""Mark in a chain where a stretch begins that cannot rest on what was before.

Pure. A lost database takes its trail along: the next chain begins from nothing, and says so.
A backup that was restored lacks what came after it: the chain goes on from there, and says so.
Whoever has kept an older export can then tell a loss from a trail that was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.audit.chain import AuditEntry, Fields
from gate.domain.model.ids import InstallationId

SEGMENT_BEGUN: Final = "segment.begun"
"""The kind of entry that begins a segment."""


class Origin(StrEnum):
    """What a segment begins with: its entry's reason."""

    NOTHING_KNOWN = "nothing_known"
    """The database had no entry of this installation: it is new, or the old one was lost."""
    BACKUP_RESTORED = "backup_restored"
    """The database was put back from a backup, and what came after the backup is lost."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as its first entry has it; `at` and `reason` are spelled as exported."""

    sequence: int
    at: str
    reason: str

    def __str__(self) -> str:
        """Spell where and when the segment begins, and why."""
        return f"segment from entry {self.sequence}, begun {self.at}: {self.reason}"


def begin_segment(
    installation_id: InstallationId,
    at: datetime,
    origin: Origin,
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Return the entry that begins a segment of an installation's chain."""
    return AuditEntry(
        at=at,
        installation_id=installation_id,
        repository_id=None,
        run_id=None,
        run_attempt=None,
        environment=None,
        kind=SEGMENT_BEGUN,
        actor="gate",
        reason=origin.value,
        detail=detail or {},
    )


def find_segment(fields: Fields) -> Segment | None:
    """Return the segment that an exported entry begins; None for any other entry."""
    if fields["kind"] != SEGMENT_BEGUN:
        return None
    return Segment(int(str(fields["sequence"])), str(fields["at"]), str(fields["reason"]))
