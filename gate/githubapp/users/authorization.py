"""Exchange GitHub's answer to a sign-in for a person's tokens, renew and revoke them.

The client secret and the tokens go to GitHub's own address only: nothing is redirected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests.exceptions import RequestException

from gate import __version__
from gate.clock import Clock
from gate.errors import Refused, RetryLater
from gate.githubapp.shapes.fields import Name
from gate.githubapp.transport.errors import redacted
from gate.githubapp.users.tokens import UserTokens
from gate.loopback import is_loopback

_ENDED: Final = frozenset({"bad_refresh_token", "bad_verification_code", "unauthorized_client"})
"""What GitHub answers to a code or token that is used up, expired or revoked."""

_NOT_TAKEN: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})
_AGENT: Final = f"deployment-gate/{__version__}"
_HEADERS: Final = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
    "User-Agent": _AGENT,
}
_SLUG: Final = re.compile(r"[a-z_]{1,64}")


class TokenAnswer(msgspec.Struct):
    """GitHub's answer with tokens; an App whose tokens do not expire has only the first."""

    access_token: Name
    expires_in: int | None = None
    refresh_token: Name | None = None


def web_root(api_url: str) -> str:
    """Return the address of GitHub's pages that belongs to an API root."""
    url = urlsplit(api_url)
    host = url.netloc.removeprefix("api.") if not url.path.strip("/") else url.netloc
    return f"{url.scheme}://{host}"


class UserAuthorization:
    """GitHub's authorization of users, for one App; any thread may use it."""

    def __init__(
        self,
        api_url: str,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        clock: Clock,
        timeout: int,
    ) -> None:
        """Prepare; nothing is called before it is needed. Raises ValueError for plain http."""
        root = web_root(api_url)
        url = urlsplit(root)
        if url.scheme != "https" and not is_loopback(url.hostname or ""):
            raise ValueError("a client secret is sent by https only")
        self._authorize_url: Final = f"{root}/login/oauth/authorize"
        self._token_url: Final = f"{root}/login/oauth/access_token"
        self._revoke_url: Final = (
            f"{api_url.rstrip('/')}/applications/{quote(client_id, safe='')}/token"
        )
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._timeout = timeout

    def address(self, state: str, verifier: str) -> str:
        """Return where a browser goes to sign in; `verifier` is the secret of PKCE."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._authorize_url, state=state, code_verifier=verifier
            )
        return str(url)

    def exchange(self, code: str, verifier: str) -> UserTokens:
        """Exchange the code of a sign-in for tokens; raises Refused when GitHub does not take it.

        Raises RetryLater when GitHub does not answer. A code is used once, so the sign-in has to
        begin again after either.
        """
        return self._ask(
            lambda session: session.fetch_token(
                self._token_url,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                redirect_uri=self._redirect_uri,
                **self._options(),
            )
        )

    def renew(self, tokens: UserTokens) -> UserTokens:
        """Exchange tokens for new ones; those before are worth nothing afterwards.

        Raises Refused when GitHub does not renew them, RetryLater when it does not answer.
        """
        if tokens.refresh is None:
            raise Refused("sign_in_refused", "the token expired")
        return self._ask(
            lambda session: session.refresh_token(
                self._token_url, refresh_token=tokens.refresh, **self._options()
            )
        )

    def revoke(self, tokens: UserTokens) -> None:
        """Make an access token worthless (docs: Delete an app token).

        Raises Refused when GitHub does not take it, which is all that it says of a token that was
        worth nothing before. Raises RetryLater when it does not answer, or does not accept the
        client ID and secret.
        """
        try:
            answer = requests.delete(
                self._revoke_url,
                auth=(self._client_id, self._client_secret),
                json={"access_token": tokens.access},
                headers={"Accept": "application/vnd.github+json", "User-Agent": _AGENT},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (RequestException, OSError, ValueError) as error:
            raise RetryLater("github_unavailable", type(error).__name__) from None
        status = answer.status_code
        if status in _NOT_TAKEN:
            raise Refused("sign_in_refused", f"status {status}")
        if status == HTTPStatus.UNAUTHORIZED:
            raise RetryLater("sign_in_misconfigured", f"status {status}")
        if status != HTTPStatus.NO_CONTENT:
            raise RetryLater("github_unavailable", f"status {status}")

    def _session(self) -> Any:  # noqa: ANN401  # Authlib has no types
        return OAuth2Session(
            self._client_id,
            self._client_secret,
            redirect_uri=self._redirect_uri,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106  # the name of a method
            code_challenge_method="S256",
        )

    def _options(self) -> Mapping[str, Any]:
        return {"headers": dict(_HEADERS), "timeout": self._timeout, "allow_redirects": False}

    def _ask(self, call: Callable[[Any], Mapping[str, Any]]) -> UserTokens:
        """Make a call for tokens, and map what can go wrong; nothing of it holds a token."""
        now = self._clock()
        try:
            with self._session() as session:
                answer = msgspec.convert(dict(call(session)), TokenAnswer)
        except OAuthError as error:
            raise _refusal(str(error.error)) from None
        except (RequestException, OSError, ValueError) as error:
            detail = redacted(f"no tokens: {type(error).__name__}")
            raise RetryLater("github_unavailable", detail) from None
        lasts = answer.expires_in
        expires_at = now + timedelta(seconds=lasts) if lasts is not None else None
        return UserTokens(answer.access_token, expires_at, answer.refresh_token)


def _refusal(slug: str) -> Refused | RetryLater:
    """Separate a sign-in that is over from an App that is configured wrong."""
    shown = slug if _SLUG.fullmatch(slug) else "an unknown error"
    if slug in _ENDED:
        return Refused("sign_in_refused", shown)
    return RetryLater("sign_in_misconfigured", shown)
