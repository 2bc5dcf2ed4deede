"""Let people authorize an App in the browser, and exchange the code for their tokens.

See "Generating a user access token for a GitHub App" and "Refreshing user access tokens". Whoever
`sign_in_as` named consents at once; without anybody, a page asks who comes.
"""

import base64
import hashlib
import hmac
import html
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import msgspec

from gate.simulator.http.tokens import BadCredentials
from gate.simulator.http.wire import Request, Response
from gate.simulator.state.accounts import Account, App
from gate.simulator.state.world import World

PREFIX = "/login/oauth/"
TOKEN_PREFIX = "ghu_"
CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=8)
REFRESH_LIFETIME = timedelta(days=184)

_AUTHORIZE = f"{PREFIX}authorize"
_TOKEN = f"{PREFIX}access_token"
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, a token or a refresh token stands for, and until when."""

    app_id: int
    person: Account
    expires_at: datetime
    redirect_uri: str = ""
    challenge: str = ""


class Refusal(Exception):
    """The request for tokens is answered with this error, and status 200 as GitHub does."""


class Authorization:
    """The sign-in of one simulated GitHub; guarded by its lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}
        self._refreshes: dict[str, Grant] = {}
        self.person: Account | None = None

    def find(self, token: str) -> Grant:
        """Authenticate a person; an expired token is as bad as an unknown one."""
        found = self._tokens.get(token)
        if found is None or found.expires_at <= self._world.now():
            raise BadCredentials("Bad credentials")
        return found

    def find_client(self, credentials: str) -> App:
        """Authenticate an App by its client ID and secret, as HTTP's basic scheme writes them."""
        try:
            written = base64.b64decode(credentials, validate=True).decode()
        except ValueError:
            raise BadCredentials("Bad credentials") from None
        client_id, _, secret = written.partition(":")
        app = self._app(client_id)
        if app is None or not _is_secret(app, secret):
            raise BadCredentials("Bad credentials")
        return app

    def revoke_token(self, app: App, token: str) -> bool:
        """Make one token worthless; False when the App has no such token."""
        found = self._tokens.get(token)
        if found is None or found.app_id != app.id:
            return False
        del self._tokens[token]
        return True

    def revoke(self, person: Account) -> None:
        """Make every code and token of a person worthless."""
        for held in (self._codes, self._tokens, self._refreshes):
            for secret in [it for it, grant in held.items() if grant.person is person]:
                del held[secret]

    def answer(self, request: Request) -> Response:
        """Answer the addresses of the sign-in."""
        if request.method == "GET" and request.path == _AUTHORIZE:
            return self._authorize(request)
        if request.method == "POST" and request.path == _TOKEN:
            return self._exchange(request)
        return Response(404)

    def _authorize(self, request: Request) -> Response:
        query = request.query
        app = self._app(query.get("client_id", ""))
        if app is None:
            return Response(404)
        redirect_uri = query.get("redirect_uri") or next(iter(app.callback_urls), "")
        if redirect_uri not in app.callback_urls:
            return _page(400, "<p>The redirect_uri is not associated with this application.</p>")
        if query.get("deny"):
            return _redirect(redirect_uri, {"error": "access_denied"}, query)
        chosen = query.get("as")
        person = self._world.account(chosen) if chosen else self.person
        if person is None:
            return self._ask(query, app)
        code = secrets.token_hex(10)
        self._codes[code] = Grant(
            app.id,
            person,
            self._world.now() + CODE_LIFETIME,
            redirect_uri,
            query.get("code_challenge", ""),
        )
        return _redirect(redirect_uri, {"code": code}, query)

    def _ask(self, query: dict[str, str], app: App) -> Response:
        """Show a page with a link for each person there is."""
        people = [it.login for it in self._world.accounts.values() if it.type == "User"]
        links = [(f"Continue as {login}", {"as": login}) for login in people]
        items = "".join(
            f'<li><a href="{html.escape(f"{_AUTHORIZE}?{urlencode(query | more)}")}">'
            f"{html.escape(label)}</a></li>"
            for label, more in [*links, ("Cancel", {"deny": "1"})]
        )
        return _page(200, f"<h1>Authorize {html.escape(app.name)}</h1><ul>{items}</ul>")

    def _exchange(self, request: Request) -> Response:
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            grant = self._redeem(fields)
        except Refusal as refusal:
            answer: dict[str, object] = {
                "error": str(refusal),
                "error_description": f"The request was refused: {refusal}.",
            }
        else:
            answer = self._issue(grant)
        if "application/json" in request.headers.get("accept", ""):
            return Response(200, msgspec.json.encode(answer), {"Content-Type": _JSON})
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Response(200, urlencode(answer).encode(), kind)

    def _redeem(self, fields: dict[str, str]) -> Grant:
        """Use up a code or a refresh token; either works once."""
        app = self._app(fields.get("client_id", ""))
        secret = fields.get("client_secret", "")
        if app is None or not _is_secret(app, secret):
            raise Refusal("incorrect_client_credentials")
        if fields.get("grant_type") == "refresh_token":
            return self._taken(
                self._refreshes, fields.get("refresh_token", ""), app, "refresh_token"
            )
        grant = self._taken(self._codes, fields.get("code", ""), app, "verification_code")
        if fields.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
            raise Refusal("redirect_uri_mismatch")
        if grant.challenge and _challenge(fields.get("code_verifier", "")) != grant.challenge:
            raise Refusal("bad_verification_code")
        return grant

    def _taken(self, held: dict[str, Grant], secret: str, app: App, what: str) -> Grant:
        grant = held.pop(secret, None)
        if grant is None or grant.app_id != app.id or grant.expires_at <= self._world.now():
            raise Refusal(f"bad_{what}")
        return grant

    def _issue(self, grant: Grant) -> dict[str, object]:
        now = self._world.now()
        token = f"{TOKEN_PREFIX}{secrets.token_hex(18)}"
        refresh = f"ghr_{secrets.token_hex(38)}"
        self._tokens[token] = Grant(grant.app_id, grant.person, now + TOKEN_LIFETIME)
        self._refreshes[refresh] = Grant(grant.app_id, grant.person, now + REFRESH_LIFETIME)
        return {
            "access_token": token,
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFETIME.total_seconds()),
            "token_type": "bearer",
            "scope": "",
        }

    def _app(self, client_id: str) -> App | None:
        return next((it for it in self._world.apps.values() if it.client_id == client_id), None)


def _is_secret(app: App, secret: str) -> bool:
    """Check a client secret; an App without one has none that fits."""
    ours = app.client_secret
    return ours != "" and hmac.compare_digest(secret.encode(), ours.encode())


def _challenge(verifier: str) -> str:
    """Derive the S256 code challenge of PKCE (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _redirect(uri: str, answer: dict[str, str], query: dict[str, str]) -> Response:
    if "state" in query:
        answer["state"] = query["state"]
    return Response(302, b"", {"Location": f"{uri}?{urlencode(answer)}"})


def _page(status: int, content: str) -> Response:
    text = f"<!DOCTYPE html><title>SIMULATED GitHub</title>{content}"
    return Response(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
