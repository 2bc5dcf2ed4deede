"""Draw a deployment that the gate holds, with the comment exactly as the gate posts it."""

from __future__ import annotations

from typing import Final

from tests.docs.hold_comments import red_comment
from tests.docs.pictures.canvas import Canvas, Palette
from tests.docs.pictures.markdown import read_blocks
from tests.docs.pictures.text import Piece, Style

WIDTH: Final = 760
_MARGIN: Final = 24
_INDENT: Final = 22
_HEADER: Final = 52
_GAP: Final = 10


def draw_held(palette: Palette) -> str:
    """Draw the deployment as its developer sees it on the run's page."""
    canvas = Canvas(WIDTH, palette)
    _draw_header(canvas)
    canvas.y = _HEADER + _GAP
    canvas.write(
        (Piece("deployment-gate", Style.BOLD), Piece(" commented", Style.MUTED)), *_sides()
    )
    blocks = list(read_blocks(red_comment()))
    for block in blocks:
        canvas.y += _GAP if block.opens else 0
        top = canvas.y
        indent = 0 if block.kind == "text" else _INDENT
        canvas.write(block.pieces, _MARGIN + indent, WIDTH - _MARGIN)
        if block.kind == "item":
            canvas.line((Piece("•"),), _MARGIN + 6, top + 23)
        elif block.kind == "quote":
            canvas.rectangle(_MARGIN, top + 6, 4, canvas.y - top, palette.border)
    canvas.y += _MARGIN
    text = "\n".join("".join(piece.text for piece in block.pieces) for block in blocks)
    return canvas.render("A deployment that the gate holds", text)


def _sides() -> tuple[float, float]:
    return _MARGIN, WIDTH - _MARGIN


def _draw_header(canvas: Canvas) -> None:
    palette = canvas.palette
    canvas.rectangle(0, 0, WIDTH, _HEADER, palette.header)
    canvas.rectangle(0, _HEADER, WIDTH, 1, palette.border)
    canvas.dot(_MARGIN + 5, _HEADER / 2, palette.waiting)
    name = (Piece("deploy", Style.BOLD), Piece("  waiting for production-frontend", Style.MUTED))
    canvas.line(name, _MARGIN + 20, _HEADER / 2 + 5)
    canvas.line((Piece("deploy-frontend #87", Style.LINK),), WIDTH - _MARGIN, 31, end=True)
