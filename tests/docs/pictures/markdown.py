"""Read the Markdown of a comment as blocks that can be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.docs.pictures.text import Piece, Style

_PARSER: Final = MarkdownIt("commonmark")
_STYLES: Final = {"strong_open": Style.BOLD, "link_open": Style.LINK}
_CLOSING: Final = {"strong_close", "link_close"}

Kind = Literal["text", "item", "quote"]


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a comment as its writer broke it: text, an item of a list, or a quote."""

    kind: Kind
    pieces: tuple[Piece, ...]
    opens: bool
    """Whether it starts a paragraph, a list or a quote, so that space goes before it."""


def read_blocks(markdown: str) -> Iterator[Block]:
    """Read a comment; GitHub keeps the line breaks of a comment, so each starts a block."""
    kind: Kind = "text"
    opens = True
    for token in _PARSER.parse(markdown):
        match token.type:
            case "blockquote_open":
                kind, opens = "quote", True
            case "bullet_list_open":
                kind, opens = "item", True
            case "blockquote_close" | "bullet_list_close":
                kind, opens = "text", True
            case "inline":
                for pieces in _lines(token.children or []):
                    yield Block(kind, pieces, opens)
                    opens = False
            case "paragraph_close" if kind == "text":
                opens = True
            case _:
                pass


def _lines(tokens: Iterable[Token]) -> Iterator[tuple[Piece, ...]]:
    line: list[Piece] = []
    styles = [Style.PLAIN]
    for token in tokens:
        if token.type in _STYLES:
            styles.append(_STYLES[token.type])
        elif token.type in _CLOSING:
            styles.pop()
        elif token.type == "code_inline":
            line.append(Piece(token.content, Style.CODE))
        elif token.type in {"softbreak", "hardbreak"}:
            yield tuple(line)
            line = []
        else:
            line.append(Piece(token.content, styles[-1]))
    yield tuple(line)
