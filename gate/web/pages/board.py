"""Show all gated environments at a glance: what is held, why, and for how long."""

from __future__ import annotations

from flask import Blueprint, Response

from gate.web.pages.site import Site


def board_pages(site: Site) -> Blueprint:
    """Build the route of the board."""
    pages = site.blueprint("board")

    @pages.get("/")
    def board() -> Response:
        return site.render("board.html")

    return pages
