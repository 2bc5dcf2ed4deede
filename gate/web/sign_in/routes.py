"""Answer the pages of the sign-in, and the account's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import Forbidden, NotFound

from gate.domain.access.destination import local_path
from gate.domain.access.session import IDLE, LIFETIME, RIGHTS_COUNT, ends_at
from gate.store.access.sessions import sessions_of
from gate.store.github.names import MOST_NAMES, repository_names
from gate.web.sign_in.sign_in import SignInFailed, SignIns

_NEVER_STORED: Final = "no-store"
_SIGN_IN: Final = "/sign-in"
_ACCOUNT: Final = "/account"
_RETRY_AFTER: Final = "10"
"""Seconds after which a sign-in that failed for no fault of the person's may be tried again."""


class SessionOver(Forbidden):
    """A session that is over no longer tells whose other sessions are meant."""

    description = (
        "Nothing was ended, because this session is over. Sign in again to end your other sessions."
    )


class Render(Protocol):
    """Answer with a page of the gate's; see `gate.web.pages.frame.site`."""

    def __call__(
        self, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object
    ) -> Response:
        """Render a template."""


def absent_pages(render: Render) -> Blueprint:
    """Build the routes that say that the sign-in is not configured, and how to do that."""
    pages = Blueprint("sign_in_absent", __name__)

    @pages.get(_SIGN_IN)
    @pages.get(_ACCOUNT)
    def explain() -> Response:
        return render("sign_in_not_configured.html", status=HTTPStatus.NOT_FOUND)

    return pages


def sign_in_pages(sign_ins: SignIns, render: Render) -> Blueprint:
    """Build the routes that strangers may use."""
    pages = Blueprint("sign_in", __name__)
    _keep_out_of_caches(pages)

    @pages.get(_SIGN_IN)
    def offer() -> Response:
        wanted = local_path(request.args.get("to"))
        return render("sign_in.html", start=f"{_SIGN_IN}/start?to={quote(wanted, safe='/')}")

    @pages.get(f"{_SIGN_IN}/start")
    def start() -> Response:
        address, browser = sign_ins.begin(request.args.get("to"))
        response = _to(address)
        sign_ins.cookies.set_browser(response, browser)
        return response

    @pages.get(f"{_SIGN_IN}/callback")
    def callback() -> Response:
        destination, secret = sign_ins.finish(request.args)
        response = _to(destination)
        sign_ins.cookies.set_session(response, secret)
        return response

    @pages.errorhandler(SignInFailed)
    def refuse(error: SignInFailed) -> Response:
        status = HTTPStatus.SERVICE_UNAVAILABLE if error.is_ours else HTTPStatus.BAD_REQUEST
        response = render("sign_in_refused.html", status=status, words=error.words)
        if error.is_ours:
            response.headers["Retry-After"] = _RETRY_AFTER
        return response

    @pages.post("/sign-out")
    def sign_out() -> Response:
        sign_ins.forms.check()
        sign_ins.sessions.end()
        return _signed_out(sign_ins)

    @pages.post("/sign-out/everywhere")
    def sign_out_everywhere() -> Response:
        sign_ins.forms.check()
        session = sign_ins.sessions.recognize()
        if session is None:
            raise SessionOver
        sign_ins.sessions.end_everywhere(session)
        return _signed_out(sign_ins)

    return pages


def account_pages(sign_ins: SignIns, pages: Blueprint, render: Render) -> Blueprint:
    """Build the page about oneself on a blueprint that only viewers reach."""
    _keep_out_of_caches(pages)

    @pages.get(_ACCOUNT)
    def account() -> Response:
        session = sign_ins.sessions.find()
        if session is None:
            raise NotFound("There is no account, because you are not signed in.")
        now, account_id, visible = sign_ins.clock(), session.account_id, session.visible
        own, names = sign_ins.database.read(
            lambda snapshot: (
                sessions_of(snapshot, account_id, now),
                repository_names(snapshot, visible),
            )
        )
        return render(
            "account.html",
            session=session,
            sessions=[(it, ends_at(it)) for it in own],
            names=names,
            is_cut=len(names) == MOST_NAMES,
            lifetime=LIFETIME,
            idle=IDLE,
            rights_count=RIGHTS_COUNT,
        )

    return pages


def _keep_out_of_caches(pages: Blueprint) -> None:
    @pages.after_request
    def never_stored(response: Response) -> Response:
        response.headers["Cache-Control"] = _NEVER_STORED
        return response


def _signed_out(sign_ins: SignIns) -> Response:
    response = _to(_SIGN_IN)
    sign_ins.cookies.end_session(response)
    return response


def _to(address: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER.value, headers={"Location": address})
