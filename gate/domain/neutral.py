"""Make text that others wrote harmless before it is shown.

Pure. It may hold mentions, Markdown, chat commands, or characters that turn the reading direction.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ELLIPSIS: Final = "…"
_ESCAPED: Final = frozenset("\\`*_{}[]()<>#+!|~&-=:.@")
_ZERO_WIDTH: Final = "\u200b"
_BREAKS_A_NAME: Final = frozenset("@#/:.")
_ISSUE: Final = re.compile(r"(?<![A-Za-z0-9])(gh-)(?=[0-9])", re.IGNORECASE)
"""GitHub links `GH-12` like `#12`, and shows the link in the timeline of that issue."""


def neutralise(text: str) -> str:
    """Make foreign text harmless where Markdown, mentions or chat commands would be read.

    Control and format characters (bidirectional overrides, zero-width ones) are dropped, Markdown
    punctuation is escaped, all of it where a block could begin, and names that notify or link are
    broken by a zero-width space.
    """
    safe: list[str] = []
    for char in text:
        if not safe and char.isspace():
            continue
        category = unicodedata.category(char)
        if category in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}:
            if char in "\t\n":
                safe.append(" ")
            continue
        if char in _ESCAPED and not (safe and _is_plain_in_words(char)):
            safe.append(f"\\{char}")
        else:
            safe.append(char)
        if char in _BREAKS_A_NAME:
            safe.append(_ZERO_WIDTH)
    return _ISSUE.sub(rf"\1{_ZERO_WIDTH}", "".join(safe))


def _is_plain_in_words(char: str) -> bool:
    """Say whether a character is harmless inside a line, so that file names stay readable."""
    return char in "-.:=/+"


def cut(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, at a line's or word's end where there is one."""
    if len(text) <= limit:
        return text
    head = text[: limit - len(_ELLIPSIS)]
    for separator in ("\n", " "):
        at = head.rfind(separator)
        if at > limit // 2:
            head = head[:at]
            break
    return head.rstrip("\\").rstrip() + _ELLIPSIS
