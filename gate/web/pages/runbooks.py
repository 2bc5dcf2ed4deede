"""Serve the runbooks that alerts link to.

People read them on a phone at night, so they are HTML pages that fit a small screen; `.md` after
the name, or `Accept: text/markdown`, returns the text itself. They are public: they hold nothing
but what the documentation does.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from html import escape
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request
from markdown_it import MarkdownIt

from gate.web.problems import problem

_HTML: Final = "text/html"
_MARKDOWN: Final = "text/markdown"

_STYLE: Final = """
:root { color-scheme: light dark; }
body {
  max-width: 42rem; margin: 0 auto; padding: 1rem;
  font: 1.0625rem/1.55 system-ui, sans-serif; overflow-wrap: break-word;
  color: light-dark(#1f2328, #e6edf3); background: light-dark(#ffffff, #0d1117);
}
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 {
  margin: 1.75rem 0 0.5rem; padding-bottom: 0.25rem; font-size: 1.15rem;
  border-bottom: 1px solid light-dark(#d1d9e0, #3d444d);
}
ol, ul { padding-left: 1.5rem; }
li { margin: 0.4rem 0; }
code {
  padding: 0.1em 0.35em; border-radius: 0.3em; font-size: 0.9em;
  background: light-dark(#eff1f3, #262c36);
}
pre { overflow-x: auto; }
a { color: light-dark(#0550ae, #79c0ff); }
footer { margin-top: 2.5rem; font-size: 0.9rem; }
"""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}</main>
<footer><a href="{name}.md">This page as Markdown</a></footer>
</body>
</html>
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS: Final = {
    # Nothing is loaded, run, framed or sent but the style above.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


def runbook_pages(pages: Mapping[str, str]) -> Blueprint:
    """Build the route of the runbooks, which serves these pages and no others."""
    blueprint = Blueprint("runbooks", __name__)

    @blueprint.get("/runbooks/<name>")
    def page(name: str) -> Response:
        stem = name.removesuffix(".md")
        text = pages.get(stem)
        if text is None:
            detail = f"unknown runbook; there are {', '.join(pages)}"
            return problem(HTTPStatus.NOT_FOUND, "not_found", detail)
        is_markdown = name != stem or _prefers_markdown()
        body = text if is_markdown else _render_page(stem, text)
        kind = _MARKDOWN if is_markdown else _HTML
        response = Response(body, content_type=f"{kind}; charset=utf-8")
        response.headers.update(_HEADERS)
        return response

    return blueprint


def _prefers_markdown() -> bool:
    """Check whether the caller asks for Markdown by name; everyone else gets HTML."""
    return request.accept_mimetypes.best_match([_HTML, _MARKDOWN], default=_HTML) == _MARKDOWN


@cache
def _render_page(name: str, text: str) -> str:
    """Render a runbook as one HTML document; markup in its text is shown and not obeyed."""
    title = text.partition("\n")[0].removeprefix("# ")
    body = MarkdownIt("commonmark", {"html": False}).render(text)
    return _PAGE.format(title=escape(title), style=_STYLE, body=body, name=escape(name))
