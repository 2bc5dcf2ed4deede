"""Show the HTTP API to people: its routes, their parameters and an example of each.

Public like the documentation: it is made of the OpenAPI document, which holds no data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response

from gate.web.pages.frame.site import Site


def api_pages(site: Site, describe: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """Build the route of the page about the API."""
    blueprint = Blueprint("api_pages", __name__)

    @blueprint.get("/api")
    def api() -> Response:
        operations = [
            {"method": method.upper(), "path": path, **described}
            for path, methods in describe()["paths"].items()
            for method, described in methods.items()
        ]
        return site.render("api.html", operations=operations)

    return blueprint
