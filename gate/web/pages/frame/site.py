"""Render the pages: one frame, one set of headers, and nobody sees what is not theirs.

Each page is a blueprint of `Site.blueprint`, which admits viewers only, and answers by
`Site.render`. A page is whole without JavaScript; `gate.js` only fetches it again every few
seconds, which costs a 304 while nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from secrets import token_hex
from typing import Final, NoReturn, ParamSpec, TypeVar
from urllib.parse import quote

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    get_template_attribute,
    render_template,
    request,
)
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound

from gate.errors import RetryLater
from gate.store.engine.database import Snapshot
from gate.store.incidents.open_incidents import count_open
from gate.web.deps import WebDeps
from gate.web.pages.frame.filters import FILTERS, show_plainly
from gate.web.pages.frame.headers import headers_of
from gate.web.pages.frame.kept import KeptPages, Making, SharedPage, address_of
from gate.web.pages.frame.queries import QueryRefused
from gate.web.problems import answer_http_error, answer_later, answer_unexpected
from gate.web.viewers import Viewer

T = TypeVar("T")
P = ParamSpec("P")

# Nobody can know it beforehand, and put it into a text that a page shows.
_WHO_MARK: Final = Markup(f"<!-- {token_hex(16)} -->")  # noqa: S704  # made here
_HTML: Final = "text/html; charset=utf-8"
_OUT_OF_REACH: Final = (
    "The database is busy or out of reach. Reload the page in a moment. If it stays so, an operator"
    " can run gate doctor and read the gate's log."
)
_PROGRAMS: Final = ("/api/", "/webhooks/")


class Site:
    """What every page is made with."""

    def __init__(self, deps: WebDeps) -> None:
        """Take what the pages read from."""
        self.deps: Final = deps
        self._kept: Final = KeptPages(deps.pages_kept)

    def blueprint(self, name: str) -> Blueprint:
        """Make a blueprint whose pages only viewers see; others are sent to the sign-in."""
        blueprint = Blueprint(name, __name__)

        @blueprint.before_request
        def viewers_only() -> Response | None:
            viewer = self.deps.viewers.find()
            if viewer is None:
                return self._turn_away()
            g.viewer = viewer
            return None

        return blueprint

    def shared(self, view: Callable[P, Response]) -> Callable[P, Response]:
        """Share what a view renders with all who may see the same repositories.

        It must show them all the same: the frame alone is made for each. What it answers otherwise,
        such as an error, is not kept.
        """

        @wraps(view)
        def find_or_make(*arguments: P.args, **named: P.kwargs) -> Response:
            viewer = self.viewer
            address = address_of(request.path, request.query_string, viewer.visible)
            found = self._kept.find(address)
            if isinstance(found, SharedPage):
                return self._answer(found, viewer)
            g.making = found
            try:
                with self._kept.turn():
                    return view(*arguments, **named)
            finally:
                self._kept.finish(found)

        return find_or_make

    @property
    def viewer(self) -> Viewer:
        """Return who reads the present page."""
        viewer: Viewer = g.viewer
        return viewer

    def read(self, work: Callable[[Snapshot], T]) -> T:
        """Read from the database."""
        return self.deps.database.read(work)

    def render(
        self, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object
    ) -> Response:
        """Answer with a page: 304 where the browser has the same one.

        A template gets `values`, `now` (UTC), `viewer` and `open_incidents` (a number).
        """
        viewer: Viewer | None = g.get("viewer")
        open_incidents = 0
        if viewer is not None:
            open_incidents = self.read(lambda snapshot: count_open(snapshot, viewer.visible))
        making: Making | None = g.get("making") if status is HTTPStatus.OK else None
        text = render_template(
            template,
            **values,
            now=self.deps.clock(),
            viewer=viewer,
            who_mark=_WHO_MARK if making is not None else "",
            can_sign_in=self.deps.viewers.signed_in is not None,
            open_incidents=open_incidents,
            public_url=self.deps.public_url,
        )
        if making is not None and viewer is not None:
            making.page = SharedPage.split(text, _WHO_MARK)
            return self._answer(making.page, viewer)
        response = Response(text, status=status.value, content_type=_HTML)
        if status is HTTPStatus.OK:
            response.add_etag(weak=True)
            response.make_conditional(request)
        return response

    def missing(self, what: str) -> NoReturn:
        """Answer that there is no such page; what may not be seen is answered alike."""
        raise NotFound(f"There is no such {what}, or you may not see it.")

    def _answer(self, page: SharedPage, viewer: Viewer) -> Response:
        """Put into a page who reads it."""
        who = get_template_attribute("_parts.html", "who")(viewer, self.deps.viewers.form_token())
        personal = who.encode()
        response = Response(page.before + personal + page.behind, content_type=_HTML)
        response.set_etag(sha256(page.digest + personal).hexdigest(), weak=True)
        response.make_conditional(request)
        return response

    def _turn_away(self) -> Response:
        if self.deps.viewers.signed_in is None:
            return self.render("sign_in_not_configured.html", status=HTTPStatus.FORBIDDEN)
        wanted = request.full_path.rstrip("?")
        return Response(
            status=HTTPStatus.SEE_OTHER.value,
            headers={"Location": f"/sign-in?to={quote(wanted, safe='')}"},
        )


def register_site(app: Flask, deps: WebDeps) -> None:
    """Register the pages' filters, headers and errors.

    Every template gets `csrf_token`, with which the frame offers to sign out: also where nobody
    can tell who asks. It is empty where no session could be signed out.
    """
    form_token = deps.viewers.form_token
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.finalize = show_plainly
    app.context_processor(lambda: {"csrf_token": form_token()})
    app.after_request(headers_of(deps.public_url, lambda: form_token() != ""))

    def show_error(error: HTTPException) -> Response:
        """Answer browsers with a page, and programs with a problem."""
        detail = error.description or ""
        if detail == NotFound.description:
            detail = "There is no page at this address."
        unfiltered = request.path if isinstance(error, QueryRefused) else ""
        return _as_page(answer_http_error(error), detail, unfiltered)

    def show_later(error: RetryLater) -> Response:
        return _as_page(answer_later(error), _OUT_OF_REACH)

    def show_unexpected(error: Exception) -> Response:
        return _as_page(answer_unexpected(error), "The gate's log says what went wrong.")

    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(RetryLater, show_later)
    app.register_error_handler(Exception, show_unexpected)


def _as_page(answer: Response, detail: str, unfiltered: str = "") -> Response:
    """Turn a problem into a page where a browser asks; it reads nothing from the database.

    `unfiltered` is the address at which the page would have been shown.
    """
    is_browser = "text/html" in request.headers.get("Accept", "")
    if not is_browser or request.path.startswith(_PROGRAMS):
        return answer
    title = HTTPStatus(answer.status_code).phrase
    text = render_template(
        "error.html",
        title=title,
        detail=detail,
        viewer=g.get("viewer"),
        unfiltered=unfiltered,
        is_outage=answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE,
    )
    page = Response(text, status=answer.status_code, content_type=_HTML)
    for name, value in answer.headers:
        if name.lower() not in {"content-type", "content-length"}:
            page.headers[name] = value
    return page
