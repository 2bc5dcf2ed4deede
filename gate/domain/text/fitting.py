"""Fit a comment into the characters that GitHub takes, part by part.

Pure. A part is kept whole or left out whole, so that no link and no escaped sequence is cut. Which
part goes first is its `Rank`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

BETWEEN: Final = "\n\n"
"""What separates the paragraphs of a comment."""


class Rank(IntEnum):
    """How much a part matters: the highest rank is left out first, `ALWAYS` never is.

    `DETAILS` is no part of its own. It stands for the room that quoted details need: parts of a
    higher rank make room for them, parts of a lower rank do not.
    """

    ALWAYS = 0
    RECORD = 1
    EVIDENCE = 2
    OVERRIDE = 3
    BEHIND = 4
    REMEDY = 5
    INFRASTRUCTURE = 6
    DETAILS = 7
    SECOND_ROUTE = 8
    ASK = 9
    THIRD_ROUTE = 10
    TERRAFORM = 11
    ARTIFACT = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a comment that makes sense only whole."""

    text: str
    rank: Rank = Rank.ALWAYS


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Parts that stand together, with `between` between each two."""

    parts: tuple[Part, ...]
    between: str = "\n"


def render(paragraphs: Sequence[Paragraph]) -> str:
    """Return the paragraphs as one text; an empty one leaves no trace."""
    texts = (it.between.join(part.text for part in it.parts) for it in paragraphs)
    return BETWEEN.join(text for text in texts if text)


def leave_out(paragraphs: Sequence[Paragraph], limit: int, least: Rank) -> list[Paragraph]:
    """Leave out parts of rank `least` and above until the text fits into `limit`.

    The highest rank goes first, and of one rank the last part. The result is longer than `limit`
    only when nothing is left that may go.
    """
    kept = list(paragraphs)
    while len(render(kept)) > limit:
        ranked = [(part.rank, *at) for at, part in _places(kept) if part.rank >= least]
        if not ranked:
            break
        _, paragraph, position = max(ranked)
        parts = kept[paragraph].parts
        rest = parts[:position] + parts[position + 1 :]
        kept[paragraph] = replace(kept[paragraph], parts=rest)
    return kept


def _places(paragraphs: Sequence[Paragraph]) -> list[tuple[tuple[int, int], Part]]:
    return [
        ((at, position), part)
        for at, paragraph in enumerate(paragraphs)
        for position, part in enumerate(paragraph.parts)
    ]
