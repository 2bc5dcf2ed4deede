"""Serve badges: how an environment stands, as a picture for a README.

They are public only where the repository's policy says so. To anybody else who may not see the
repository, a private badge answers exactly like one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, render_template

from gate.domain.board.badge import word_badge
from gate.domain.board.cell import Cell
from gate.domain.model.access import EVERYTHING, Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId, environment_key
from gate.domain.model.policy.policy import LoadedPolicy
from gate.domain.model.runs import Account
from gate.domain.text.escaping import cut
from gate.policyfile import parse_policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible
from gate.store.github.repositories import read_served_repository
from gate.store.github.stored_policies import choose_known, read_known
from gate.web.pages.board.fleet import gather, judge_rows
from gate.web.pages.frame.site import Site

_SUFFIX: Final = ".svg"
_NOBODY: Final = "deployment gate"
_NOWHERE: Final = Repository(
    RepositoryId(0), InstallationId(0), "", Account(AccountId(0), ""), None
)
"""What is asked for in place of a repository that does not exist."""

_COLORS: Final = {
    "pass": "#1a7f37",
    "hold": "#9a6700",
    "fail": "#cf222e",
    "run": "#0969da",
    "note": "#8250df",
    "none": "#59636e",
}
_CHARACTER: Final = 7
_PADDING: Final = 20
_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class _Found:
    cell: Cell
    is_public: bool


def badge_pages(site: Site) -> Blueprint:
    """Build the route of the badges, which strangers may ask too."""
    pages = Blueprint("badge", __name__)

    @pages.get("/badge/<owner>/<name>/<path:file>")
    def badge(owner: str, name: str, file: str) -> Response:
        environment = file.removesuffix(_SUFFIX)
        if environment == file:
            site.missing("badge")
        viewer = site.deps.viewers.find()
        visible = viewer.visible if viewer is not None else Visible(frozenset())
        found = site.read(lambda it: _find(it, site, f"{owner}/{name}", environment, visible))
        if found is None:
            return _draw(_NOBODY, "unknown", "none", HTTPStatus.NOT_FOUND)
        words = word_badge(found.cell, site.deps.clock())
        answer = _draw(found.cell.environment, words, found.cell.kind, HTTPStatus.OK)
        if found.is_public:
            answer.headers["Cache-Control"] = "public, max-age=60"
        return answer

    return pages


def _find(
    snapshot: Snapshot, site: Site, full_name: str, environment: str, visible: Visible
) -> _Found | None:
    """Find an environment whose badge may be shown.

    The database is asked the same, whether there is such a repository or not.
    """
    found = find_visible(snapshot, full_name, EVERYTHING)
    repository = read_served_repository(snapshot, found if found is not None else _NOWHERE.id)
    known = read_known(snapshot, [repository if repository is not None else _NOWHERE])
    if repository is None:
        return None
    choice = choose_known(
        known,
        repository,
        parse_policy,
        site.deps.server_policy,
        requires_floor=site.deps.requires_floor,
    )
    reading = choice.reading if choice is not None else None
    is_public = isinstance(reading, LoadedPolicy) and reading.has_public_badge
    # Judged only for those who may see it: how long an answer takes must not tell the rest.
    if not (is_public or visible.includes(repository.id)):
        return None
    fleet = gather(snapshot, Visible(frozenset({repository.id})))
    sees = EVERYTHING if is_public else visible
    rows = judge_rows(snapshot, fleet, [repository], site.deps, sees)
    cell = rows[0].cells.get(environment_key(environment)) if rows else None
    return None if cell is None else _Found(cell, is_public)


def _draw(label: str, words: str, kind: str, status: HTTPStatus) -> Response:
    label = cut(label, _MOST)
    widths = len(label) * _CHARACTER + _PADDING, len(words) * _CHARACTER + _PADDING
    picture = render_template(
        "badge.svg", label=label, words=words, color=_COLORS[kind], left=widths[0], right=widths[1]
    )
    answer = Response(picture, status=status.value, content_type="image/svg+xml; charset=utf-8")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
