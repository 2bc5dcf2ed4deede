"""Serve the runbooks that alerts link to.

People read them on a phone at night. `.md` after the name, or `Accept: text/markdown`, returns the
text itself. They are public: they hold nothing but what the documentation does, and show nothing of
whoever reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from flask import Blueprint, Response, request
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from gate.web.pages.frame.site import Site

_HTML: Final = "text/html"
_MARKDOWN: Final = "text/markdown"


@dataclass(frozen=True, slots=True)
class _Runbook:
    """A runbook as its page shows it."""

    name: str
    title: str
    meaning: str
    body: Markup


def runbook_pages(site: Site, pages: Mapping[str, str]) -> Blueprint:
    """Build the routes of the runbooks, which serve these pages and no others.

    Each is rendered when somebody first reads it: all of them at once would delay the start.
    """
    blueprint = Blueprint("runbooks", __name__)

    @cache
    def runbook(name: str) -> _Runbook:
        return read_runbook(name, pages[name])

    @blueprint.get("/runbooks")
    def index() -> Response:
        return site.render("runbooks.html", runbooks=[runbook(name) for name in pages])

    @blueprint.get("/runbooks/<name>")
    def page(name: str) -> Response:
        stem = name.removesuffix(".md")
        if stem not in pages:
            raise NotFound("There is no such runbook. /runbooks lists all of them.")
        if name != stem or _prefers_markdown():
            response = Response(pages[stem], content_type=f"{_MARKDOWN}; charset=utf-8")
        else:
            response = site.render("runbook.html", runbook=runbook(stem))
        response.headers["Vary"] = "Accept"
        return response

    return blueprint


def title_of(text: str) -> str:
    """Return the title of a runbook."""
    return text.partition("\n")[0].removeprefix("# ")


def _prefers_markdown() -> bool:
    """Return whether the caller asks for Markdown by name; everyone else gets HTML."""
    return request.accept_mimetypes.best_match([_HTML, _MARKDOWN], default=_HTML) == _MARKDOWN


def read_runbook(name: str, text: str) -> _Runbook:
    """Render a runbook; markup in its text is shown and not obeyed."""
    rest = text.partition("\n")[2]
    # Safe as it is: html=False escapes what the text holds, and the text is our documentation.
    body = Markup(MarkdownIt("commonmark", {"html": False}).render(rest))  # noqa: S704
    return _Runbook(name, title_of(text), _first_paragraph(rest), body)


def _first_paragraph(text: str) -> str:
    """Return the text below the first heading; empty where there is none."""
    blocks = [it for it in text.split("\n\n") if not it.strip().startswith("#")]
    return " ".join(blocks[0].split()) if blocks else ""
