"""Draw the recorded run of the demo as a terminal that plays it again."""

from __future__ import annotations

from typing import Final

from gate.simulator.server import BANNER
from tests.docs.pictures.canvas import LINE, MONO, Canvas, Palette
from tests.docs.pictures.recording import read_recording
from tests.docs.pictures.text import Piece, Style, wrap

_WIDTH: Final = 760
_MARGIN: Final = 20
_HEADER: Final = 38
_SIZE: Final = 13.0
_PACE: Final = 0.8
"""Seconds from one line to the next: the demo itself is too quick to be read."""


def draw_demo(palette: Palette) -> str:
    """Draw the terminal; its lines appear one by one, unless the reader wants less motion."""
    canvas = Canvas(_WIDTH, palette)
    canvas.rectangle(0, 0, _WIDTH, _HEADER, palette.header)
    for number in range(3):
        canvas.dot(_MARGIN + 5 + 18 * number, _HEADER / 2, palette.border)
    canvas.y = _HEADER + 6
    steps = read_recording()
    lines: list[tuple[Piece, ...]] = [
        (Piece("$ ", Style.MUTED), Piece("make demo", Style.BOLD)),
        (Piece(BANNER, Style.MUTED),),
    ]
    for step in steps:
        what = (
            Piece("ok", Style.GOOD),
            Piece(f"  {step.title}: "),
            Piece(step.result, Style.MUTED),
        )
        lines.append(what)
    for number, pieces in enumerate(lines):
        for line in wrap(pieces, _WIDTH - 2 * _MARGIN, _SIZE, monospaced=True):
            canvas.y += LINE
            canvas.line(line, _MARGIN, canvas.y, css=f"at{number}")
    canvas.y += _MARGIN
    delays = " ".join(
        f".at{number} {{ animation-delay: {number * _PACE:g}s }}" for number in range(len(lines))
    )
    css = (
        f" text {{ font-family: {MONO}; font-size: {_SIZE:g}px }}"
        " @keyframes appear { from { opacity: 0 } }"
        " @media (prefers-reduced-motion: no-preference) {"
        f" text {{ animation: appear 0.2s backwards }} {delays} }}"
    )
    text = "\n".join(f"ok {step.title}: {step.result}" for step in steps)
    return canvas.render("A run of make demo", text, css)
