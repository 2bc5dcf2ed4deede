"""Measure and wrap text of several styles, without asking a font."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Widths in em of DejaVu Sans, the widest of the fonts that the pictures name; so no line is
# longer than its box, whichever font a reader has.
_WIDTHS: Final = (
    ("ijl|'", 0.30),
    (" .,:;!I", 0.36),
    ("()[]/\\-ftr`", 0.40),
    ("mMwW%@—", 0.96),
    ("ABCDEFGHJKLNOPQRSTUVXYZ", 0.73),
)
_WIDTH_OF: Final = {letter: width for letters, width in _WIDTHS for letter in letters}
_OTHER_WIDTH: Final = 0.63
_BOLD: Final = 1.12
_CODE_WIDTH: Final = 0.61
_PIECE: Final = re.compile(r"\S+|\s+")


class Style(StrEnum):
    """How a piece of text is shown; the value is its class in the picture."""

    PLAIN = "plain"
    BOLD = "bold"
    CODE = "code"
    LINK = "link"
    MUTED = "muted"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one style."""

    text: str
    style: Style = Style.PLAIN

    def width(self, size: float, *, monospaced: bool = False) -> float:
        """Return the greatest width that any of the fonts gives it, in pixels."""
        if monospaced or self.style is Style.CODE:
            return len(self.text) * _CODE_WIDTH * size
        plain = sum(_WIDTH_OF.get(letter, _OTHER_WIDTH) for letter in self.text) * size
        return plain * _BOLD if self.style is Style.BOLD else plain


Line = tuple[Piece, ...]


def wrap(
    pieces: Iterable[Piece], width: float, size: float, *, monospaced: bool = False
) -> list[Line]:
    """Break text into lines at most this wide; a word that is wider has a line of its own."""
    lines: list[list[Piece]] = [[]]
    left = width
    for word in _words(pieces):
        needed = sum(part.width(size, monospaced=monospaced) for part in word)
        is_space = word[0].text.isspace()
        if needed > left and lines[-1] and not is_space:
            lines.append([])
            left = width
        if is_space and not lines[-1]:
            continue
        lines[-1].extend(word)
        left -= needed
    return [_joined(line) for line in lines]


def _words(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Yield what may not be broken: a space, or a word with all its styles."""
    word: list[Piece] = []
    for piece in pieces:
        for part in _PIECE.findall(piece.text):
            if part.isspace():
                if word:
                    yield word
                yield [Piece(" ", piece.style)]
                word = []
            else:
                word.append(Piece(part, piece.style))
    if word:
        yield word


def _joined(line: Sequence[Piece]) -> Line:
    """Join neighbors of one style, and drop the space at the end."""
    joined: list[Piece] = []
    for piece in line:
        if joined and joined[-1].style is piece.style:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.style)
        else:
            joined.append(piece)
    if joined:
        joined[-1] = Piece(joined[-1].text.rstrip(), joined[-1].style)
    return tuple(piece for piece in joined if piece.text)
