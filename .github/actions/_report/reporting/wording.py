"""Make foreign text fit to be kept: no control characters, no length without end."""

from __future__ import annotations

import unicodedata

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control and format characters (which turn the reading direction), line and paragraph separators,
and what is no character."""


def clean(text: str) -> str:
    """Drop control and format characters; line breaks stay, tabs become blanks."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\t", " ")
    kept = (it for it in text if it == "\n" or unicodedata.category(it) not in _DROPPED)
    return "".join(kept).strip()


def one_line(text: str) -> str:
    """Put text on one line, with single blanks."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """Shorten to about `limit` characters, and say so."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}… (cut, {len(text):,} characters)"
