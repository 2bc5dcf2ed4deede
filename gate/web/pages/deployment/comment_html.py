"""Show the Markdown of the gate's own comments as HTML, with a new line where GitHub shows one.

Markup in it is shown and not obeyed, pictures are not loaded, and only harmless addresses are
linked: comments quote what others wrote.
"""

from __future__ import annotations

from typing import Any, Final

from markdown_it import MarkdownIt
from markupsafe import Markup

from gate.domain.text.addresses import safe_url
from gate.domain.text.escaping import visible_lines


class _Markdown(MarkdownIt):
    """Markdown whose links lead to the web, and nowhere else."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Return whether an address may be linked."""
        return safe_url(url) != ""


def _new_parser() -> MarkdownIt:
    parser = _Markdown("commonmark", {"html": False, "breaks": True})
    return parser.disable(["image", "autolink", "html_block", "html_inline", "heading", "lheading"])


_PARSER: Final = _new_parser()


def render_comment(text: str) -> Markup:
    """Render a comment as HTML."""
    return _rendered(_PARSER.render(visible_lines(text)))


def render_line(text: str) -> Markup:
    """Render one line of Markdown without a paragraph around it."""
    return _rendered(_PARSER.renderInline(visible_lines(text)))


def _rendered(html: Any) -> Markup:  # noqa: ANN401 - the library does not say what it returns
    return Markup(html)  # noqa: S704 - the parser has escaped all that was no Markdown
