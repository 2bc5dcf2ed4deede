"""Write SVG: text that can be selected, in the colors of a light or a dark page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Final

from tests.docs.pictures.text import Line, Piece, Style, wrap

SIZE: Final = 15.0
LINE: Final = 23.0
_SANS: Final = "-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colors of one kind of page."""

    paper: str
    header: str
    border: str
    ink: str
    muted: str
    link: str
    waiting: str
    good: str


LIGHT: Final = Palette(
    paper="#ffffff",
    header="#f6f8fa",
    border="#d1d9e0",
    ink="#1f2328",
    muted="#59636e",
    link="#0969da",
    waiting="#9a6700",
    good="#1a7f37",
)
DARK: Final = Palette(
    paper="#0d1117",
    header="#151b23",
    border="#3d444d",
    ink="#f0f6fc",
    muted="#9198a1",
    link="#4493f8",
    waiting="#d29922",
    good="#3fb950",
)


@dataclass(slots=True)
class Canvas:
    """A picture that grows downward as text is put on it."""

    width: int
    palette: Palette
    y: float = 0.0
    parts: list[str] = field(default_factory=list)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """Draw a filled box."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'
        )

    def dot(self, x: float, y: float, fill: str) -> None:
        """Draw a dot."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{fill}"/>')

    def line(self, pieces: Line, x: float, y: float, *, css: str = "", end: bool = False) -> None:
        """Put one line of text on its baseline; with `end`, it ends at `x`."""
        spans = "".join(_span(piece) for piece in pieces)
        anchor = ' text-anchor="end"' if end else ""
        shown = f' class="{css}"' if css else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{anchor}{shown}>{spans}</text>')

    def write(self, pieces: tuple[Piece, ...], x: float, right: float) -> None:
        """Put wrapped text below what is there, from `x` to `right`."""
        for line in wrap(pieces, right - x, SIZE):
            self.y += LINE
            self.line(line, x, self.y)

    def render(self, title: str, text: str, css: str = "") -> str:
        """Return the picture with a border; `text` is what a screen reader reads out."""
        height, width = round(self.y), self.width
        palette = self.palette
        frame = f'x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"'
        styles = [
            f"text {{ font: {SIZE:g}px {_SANS}; fill: {palette.ink}; white-space: pre }}",
            ".bold { font-weight: 600 }",
            f".code {{ font-family: {MONO} }}",
            f".link {{ fill: {palette.link} }}",
            f".muted {{ fill: {palette.muted} }}",
            f".good {{ fill: {palette.good} }}",
        ]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
                f' width="{width}" height="{height}" role="img" aria-labeledby="title text">',
                f'<title id="title">{escape(title)}</title>',
                f'<desc id="text">{escape(text)}</desc>',
                f"<style>{' '.join(styles)}{css}</style>",
                f'<clipPath id="frame"><rect {frame}/></clipPath>',
                f'<g clip-path="url(#frame)"><rect {frame} fill="{palette.paper}"/>',
                *self.parts,
                f'</g><rect {frame} fill="none" stroke="{palette.border}"/>',
                "</svg>\n",
            ]
        )


def _span(piece: Piece) -> str:
    text = escape(piece.text, quote=False)
    return text if piece.style is Style.PLAIN else f'<tspan class="{piece.style}">{text}</tspan>'
