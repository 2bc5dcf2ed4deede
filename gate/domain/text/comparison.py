"""Compare two texts that others wrote, at a cost that they cannot drive up.

Pure. Comparing takes time with the square of the lines and more.
"""

from __future__ import annotations

from difflib import unified_diff
from functools import lru_cache
from itertools import islice
from typing import Final

MOST_COMPARED: Final = 500
"""Lines of each text."""

MOST_BYTES: Final = 64 * 1024
"""Bytes of each text."""

MOST_SHOWN: Final = 400
"""Lines of what differs."""


def compare_texts(before: bytes, after: bytes) -> tuple[str, ...] | None:
    """Return the first `MOST_SHOWN` lines of a unified diff; none where nothing differs.

    None where a text is too long to compare.
    """
    if max(len(before), len(after)) > MOST_BYTES:
        return None
    return _compare(before, after)


@lru_cache(maxsize=64)
def _compare(before: bytes, after: bytes) -> tuple[str, ...] | None:
    """Compare; what was compared last is remembered, as a page is looked at again and again."""
    old = before.decode(errors="replace").splitlines()
    new = after.decode(errors="replace").splitlines()
    if max(len(old), len(new)) > MOST_COMPARED:
        return None
    return tuple(islice(unified_diff(old, new, "before", "after", lineterm=""), MOST_SHOWN))
