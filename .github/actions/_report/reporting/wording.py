"""Clean text that others wrote: no control characters, limited length."""

from __future__ import annotations

import unicodedata

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control and format characters (which turn the reading direction), line and paragraph separators,
and unassigned characters."""


def clean(text: str) -> str:
    """Drop control and format characters; line breaks stay, tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\t", " ")
    kept = (it for it in text if it == "\n" or unicodedata.category(it) not in _DROPPED)
    return "".join(kept).strip()


def one_line(text: str) -> str:
    """Return text on one line, with single spaces."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """Shorten to about `limit` characters, and mark the cut."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}… (cut, {len(text):,} characters)"
