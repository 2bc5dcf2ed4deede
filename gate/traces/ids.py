"""Derive the ids of a trace from GitHub's id of the webhook that begins it.

So every node finds the trace of a delivery, also after a restart, and none has to be told. The id
is hashed: W3C Trace Context asks for random bits on the right, by which a share of all traces is
chosen, and the right half of a UUID of version 1 is the same for all of one sender.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_TRACE_BYTES: Final = 16
_SPAN_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class TraceIds:
    """The ids of a trace and of its first span; never zero, which W3C forbids."""

    trace_id: int
    span_id: int

    @property
    def hexadecimal(self) -> str:
        """Return the trace id as logs and trace viewers show it."""
        return f"{self.trace_id:032x}"


def ids_of(delivery_id: str) -> TraceIds:
    """Return the ids of the trace that a delivery begins."""
    digest = sha256(delivery_id.encode()).digest()
    trace = int.from_bytes(digest[:_TRACE_BYTES], "big")
    span = int.from_bytes(digest[_TRACE_BYTES : _TRACE_BYTES + _SPAN_BYTES], "big")
    return TraceIds(trace or 1, span or 1)
