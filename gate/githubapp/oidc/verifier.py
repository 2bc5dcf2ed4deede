"""Verify the token of a workflow run, and read from its claims which job speaks.

A token proves which job speaks, not that what it says is true. Only what GitHub's own numbers say
is used: names change hands, and the subject's form can be changed by whoever owns the repository
(docs: OpenID Connect reference). Whether the run may report here is
`gate.reconciler.ingest.reports`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from jwt.exceptions import (
    InvalidAudienceError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from gate.clock import Clock
from gate.domain.model.ids import AccountId, RepositoryId, RunId, Sha
from gate.domain.model.reporters import Reporter
from gate.domain.model.runs import parse_workflow_path
from gate.errors import ReportRejected
from gate.githubapp.oidc.issuers import Issuers

LEEWAY: Final = timedelta(seconds=60)
"""How far our clock may be off. A token's id is kept that much longer than the token lasts."""

LONGEST: Final = 16 * 1024
"""Characters of a token; GitHub's have about 2,000."""

_ALGORITHM: Final = "RS256"
_TIMES: Final = ("exp", "nbf", "iat")
_REQUIRED: Final = [
    *("iss", "aud", *_TIMES, "jti"),
    *("repository", "repository_id", "repository_owner_id", "run_id", "run_attempt"),
    *("workflow_ref", "event_name", "sha"),
]
# PyJWT would compare times with its own clock; they are compared below with ours.
_OPTIONS: Final[Any] = {
    "verify_signature": True,
    "require": _REQUIRED,
    "verify_aud": True,
    "strict_aud": True,
    "verify_iss": True,
    **{f"verify_{name}": False for name in _TIMES},
}
_MOST_ID: Final = 2**63 - 1
_MOST_ATTEMPT: Final = 2**31 - 1
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_TOKEN_ID: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_SHA: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_WORD: Final = re.compile(r"[a-z_]{1,64}", re.ASCII)
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,1024}")

Claims = Mapping[str, Any]


class TokenVerifier:
    """Verify tokens that were asked for one audience."""

    def __init__(self, issuers: Issuers, audience: str, clock: Clock) -> None:
        """Define which issuers count, and the audience that a token must be for."""
        self._issuers = issuers
        self._audience = audience
        self._clock = clock

    def verify(self, token: str) -> Reporter:
        """Return which job speaks by a good token.

        The key may be read from the issuer, so this is no work for a transaction. Whether the token
        was used before is not known here. Raises ReportRejected, and RetryLater when the issuer's
        keys cannot be had.
        """
        if len(token) > LONGEST:
            raise ReportRejected("malformed_token", "the token is too long")
        key_id, issuer = _key_id(token), _issuer(token, self._issuers.configured)
        key = self._issuers.keys(issuer).key(key_id)
        claims = self._decode(token, key, issuer)
        self._issuers.record_proof(issuer)
        self._check_times(claims)
        _check_context(claims)
        return _reporter(claims)

    def _decode(
        self,
        token: str,
        key: Any,  # noqa: ANN401 - a key of cryptography's
        issuer: str,
    ) -> Claims:
        try:
            return jwt.decode(
                token,
                key,
                # Given, not taken from the token: it would choose `none`, or our public key as the
                # secret of an HMAC.
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=issuer,
                options=_OPTIONS,
            )
        except InvalidSignatureError:
            raise ReportRejected("bad_signature", "the token's signature is not good") from None
        except InvalidAudienceError:
            raise ReportRejected(
                "wrong_audience", f"the token is for another audience than {self._audience}"
            ) from None
        except MissingRequiredClaimError as error:
            raise ReportRejected("missing_claim", f"the token has no {error.claim}") from None
        except (PyJWTError, ValueError, RecursionError):
            raise _unreadable() from None

    def _check_times(self, claims: Claims) -> None:
        now = self._clock()
        if now >= _instant(claims, "exp") + LEEWAY:
            raise ReportRejected("token_expired", "the token has expired; ask for another")
        if now < max(_instant(claims, "nbf"), _instant(claims, "iat")) - LEEWAY:
            raise ReportRejected("token_not_yet_valid", "the token is not valid yet; see the clock")


def _key_id(token: str) -> str:
    """Return the id of the key a token claims to be signed with; never an address of it."""
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError):
        raise _unreadable() from None
    if header.get("alg") != _ALGORITHM:
        raise ReportRejected("wrong_algorithm", f"the token is not signed by {_ALGORITHM}")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise ReportRejected("unknown_key", "the token names no key")
    return key_id


def _issuer(token: str, otherwise: str) -> str:
    """Return the issuer a token claims to be of; the signature proves it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, RecursionError):
        raise _unreadable() from None
    issuer = claims.get("iss", otherwise)
    if not isinstance(issuer, str):
        raise _malformed("iss")
    return issuer


def _check_context(claims: Claims) -> None:
    """Refuse runs of pull requests: what they run, others may have written."""
    event, ref = _text(claims, "event_name", _WORD), _text(claims, "workflow_ref", _LINE)
    branches = [claims.get("head_ref") or "", claims.get("base_ref") or ""]
    if event.startswith("pull_request") or "@refs/pull/" in ref or any(branches):
        raise ReportRejected("fork_context", "a run of a pull request cannot report")


def _reporter(claims: Claims) -> Reporter:
    file, _, ref = _text(claims, "workflow_ref", _LINE).partition("@")
    if not ref:
        raise _malformed("workflow_ref")
    return Reporter(
        repository_id=RepositoryId(_number(claims, "repository_id")),
        owner_id=AccountId(_number(claims, "repository_owner_id")),
        run_id=RunId(_number(claims, "run_id")),
        run_attempt=_number(claims, "run_attempt", most=_MOST_ATTEMPT),
        workflow=parse_workflow_path(file, _text(claims, "repository", _LINE)),
        ref=ref,
        event=_text(claims, "event_name", _WORD),
        sha=Sha(_text(claims, "sha", _SHA)),
        token_id=_text(claims, "jti", _TOKEN_ID),
        expires_at=_instant(claims, "exp"),
    )


def _instant(claims: Claims, name: str) -> datetime:
    value = claims[name]
    if type(value) not in {int, float}:
        raise _malformed(name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _malformed(name) from None


def _number(claims: Claims, name: str, *, most: int = _MOST_ID) -> int:
    """Read an id: GitHub writes them as text, since they may be above 2^53."""
    value = claims[name]
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or not _NUMBER.fullmatch(written) or int(written) > most:
        raise _malformed(name)
    return int(written)


def _text(claims: Claims, name: str, form: re.Pattern[str]) -> str:
    value = claims[name]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _malformed(name)
    return value


def _malformed(name: str) -> ReportRejected:
    return ReportRejected("malformed_claim", f"the token's {name} cannot be read")


def _unreadable() -> ReportRejected:
    return ReportRejected("malformed_token", "this is no token that can be read")
