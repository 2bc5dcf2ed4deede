"""Put text on one line, as people see it."""

from __future__ import annotations

import unicodedata
from typing import Final

_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def fold(text: str) -> str:
    """Put text on one line: one blank for each run of them, nothing invisible, both ends bare."""
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(
        char for char in composed if char.isspace() or unicodedata.category(char) not in _NOT_TEXT
    )
    return " ".join(visible.split())
