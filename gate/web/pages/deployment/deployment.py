"""Show the story of one deployment: what one can do now, why, what happened, and the record."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, render_template, request

from gate.domain.model.access import Visible
from gate.domain.model.ids import RequestId
from gate.store.engine.database import Snapshot
from gate.store.requests.story import read_deployment
from gate.web.pages.deployment.picture import picture_values
from gate.web.pages.deployment.policy import Found, find_policy
from gate.web.pages.deployment.view import show_deployment
from gate.web.pages.frame.queries import check_names
from gate.web.pages.frame.site import Site

_LARGEST_ID: Final = 2**63 - 1
_LONGEST_ID: Final = len(str(_LARGEST_ID))
_SVG: Final = "image/svg+xml; charset=utf-8"


def deployment_pages(site: Site) -> Blueprint:
    """Build the routes of a deployment's page and of its picture."""
    pages = site.blueprint("deployment")

    def find(written_id: str) -> Found:
        number = _parse_id(written_id)
        if number is None:
            site.missing("deployment")
        found = site.read(lambda snapshot: _read(snapshot, number, site.viewer.visible))
        return found if found is not None else site.missing("deployment")

    @pages.get("/requests/<written_id>")
    @site.shared
    def page(written_id: str) -> Response:
        check_names()
        return site.render("deployment.html", **show_deployment(find(written_id)))

    @pages.get("/requests/<written_id>.svg")
    def picture(written_id: str) -> Response:
        values = picture_values(find(written_id).record)
        response = Response(render_template("deployment.svg", **values), content_type=_SVG)
        response.add_etag(weak=True)
        response.make_conditional(request)
        return response

    return pages


def _parse_id(text: str) -> int | None:
    """Read the number of a request; None for anything that none can have."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        return None
    return int(text) if 0 < int(text) <= _LARGEST_ID else None


def _read(snapshot: Snapshot, number: int, visible: Visible) -> Found | None:
    record = read_deployment(snapshot, RequestId(number), visible)
    return find_policy(snapshot, record, visible) if record is not None else None
