"""Serve the runbooks to whoever follows the link in an alert.

Public, since people read them on a phone at night: they hold nothing but what the documentation
does.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response

from gate.web.problems import problem

_CONTENT_TYPE: Final = "text/markdown; charset=utf-8"


def runbook_pages(pages: Mapping[str, str]) -> Blueprint:
    """Make the route of the runbooks, which serves these pages and no others."""
    blueprint = Blueprint("runbooks", __name__)

    @blueprint.get("/runbooks/<name>")
    def page(name: str) -> Response:
        text = pages.get(name)
        if text is None:
            detail = f"there is no such runbook; there are {', '.join(pages)}"
            return problem(HTTPStatus.NOT_FOUND, "not_found", detail)
        response = Response(text, content_type=_CONTENT_TYPE)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint
