"""Read and keep the keys that the tokens of workflow runs are signed with.

They are found by discovery from the configured issuer and nowhere else (docs: OpenID Connect
reference). PyJWT reads each key, and no more: its `PyJWKClient` has no limit of size, no time-out
for a body that drips, no keys to fall back on during an outage, and lets every thread wait for one
reading, and its `PyJWKSet` gives up all keys for one odd member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from requests import PreparedRequest, Response, Session
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from gate.clock import Clock
from gate.errors import ReportRejected, RetryLater
from gate.githubapp.transport.decoding import time_of
from gate.log import get_logger

TRUSTED: Final = timedelta(hours=1)
"""How long keys count as current."""

KEPT: Final = timedelta(hours=24)
"""How long they are used while the issuer gives no newer ones. Not for ever: one of them may have
been withdrawn meanwhile."""

COOLDOWN: Final = timedelta(seconds=10)
"""How far apart readings are that a token with an unknown key, or a failure, has caused: anybody
may send such tokens."""

LONGEST: Final = 256 * 1024
"""Bytes of a document of the issuer's."""

_SECONDS: Final = 3.0
"""For connecting, and for each read."""
_SECONDS_IN_ALL: Final = 6.0
MOST_WAITING: Final = 4
"""Threads that may wait for a reading: the others are needed for webhooks."""
_WEAKEST: Final = 2048
_DISCOVERY: Final = "/.well-known/openid-configuration"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The issuer's keys by their ids; `answered_at` is the issuer's time, where it told it."""

    keys: Mapping[str, RSAPublicKey]
    read_at: datetime
    answered_at: datetime | None


class SigningKeys:
    """The keys of one issuer, used by any number of threads; one of them reads at a time."""

    def __init__(
        self, issuer: str, clock: Clock, *, waiting: BoundedSemaphore | None = None
    ) -> None:
        """Start without keys; nothing is read before a key is wanted.

        `waiting` counts the threads that may wait for a reading, for several issuers together.
        """
        self._issuer = issuer
        self._clock = clock
        self._known: KeySet | None = None
        self._again_at: datetime | None = None
        self._failed = False
        self._reading = Lock()
        self._waiting = waiting or BoundedSemaphore(MOST_WAITING)

    def key(self, key_id: str) -> RSAPublicKey:
        """Return a key, from the issuer if need be; never call it inside a transaction.

        Raises ReportRejected when the issuer has no such key, RetryLater when nobody can tell.
        """
        known = self._known
        if known is None or key_id not in known.keys or not self._is_within(known, TRUSTED):
            self._refresh(known, key_id)
            known = self._known
        if known is None or not self._is_within(known, KEPT):
            raise RetryLater("keys_unavailable", self._issuer, after=COOLDOWN)
        found = known.keys.get(key_id)
        if found is not None:
            return found
        if self._failed:
            raise RetryLater("keys_unavailable", self._issuer, after=COOLDOWN)
        raise ReportRejected("unknown_key", "the issuer has no key of this id")

    def read(self) -> KeySet:
        """Read the keys from the issuer now. Raises RetryLater when it gives none."""
        now = self._clock()
        deadline = monotonic() + _SECONDS_IN_ALL
        with Session() as session:
            found = _fetch(session, f"{self._issuer}{_DISCOVERY}", deadline)
            told = _fetch(session, _keys_address(self._issuer, found.document), deadline)
        keys = dict(_usable(told.document.get("keys")))
        if not keys:
            raise RetryLater("keys_unavailable", "the issuer shows no key that can be used")
        return KeySet(keys, now, told.at)

    def _refresh(self, seen: KeySet | None, key_id: str) -> None:
        """Read the keys again, unless that was done, failed or found useless just now."""
        # Who has a key that is merely old need not wait for others.
        must_wait = seen is None or key_id not in seen.keys
        if not self._waiting.acquire(blocking=False):
            if must_wait:
                raise RetryLater("keys_unavailable", "the issuer is being asked", after=COOLDOWN)
            return
        try:
            if self._reading.acquire(blocking=must_wait):
                try:
                    self._read_once(seen)
                finally:
                    self._reading.release()
        finally:
            self._waiting.release()

    def _read_once(self, seen: KeySet | None) -> None:
        now = self._clock()
        if self._known is not seen or (self._again_at is not None and now < self._again_at):
            return
        was_current = seen is not None and self._is_within(seen, TRUSTED)
        try:
            self._known = self.read()
        except RetryLater as error:
            self._failed = True
            log.warning("keys.unavailable", issuer=self._issuer, detail=error.detail)
        else:
            self._failed = False
            log.info("keys.read", issuer=self._issuer, keys=len(self._known.keys))
        if self._failed or was_current:
            self._again_at = self._clock() + COOLDOWN

    def _is_within(self, known: KeySet, span: timedelta) -> bool:
        return self._clock() - known.read_at <= span


@dataclass(frozen=True, slots=True)
class _Told:
    """A document of the issuer's, and its time."""

    document: Mapping[str, Any]
    at: datetime | None


def _fetch(session: Session, url: str, deadline: float) -> _Told:
    """Read a JSON object. No redirect is followed, and no credentials are taken from anywhere."""
    request = PreparedRequest()
    request.prepare(
        method="GET",
        url=url,
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )
    try:
        settings: Any = session.merge_environment_settings(url, {}, True, None, None)  # noqa: FBT003 - stream, by requests' own order
        adapter = session.get_adapter(url)
        with adapter.send(request, timeout=(_SECONDS, _SECONDS), **settings) as response:
            if response.status_code != HTTPStatus.OK:
                raise _unavailable(f"answers {response.status_code}")
            body = _read_body(response, deadline)
            at = time_of(response.headers)
    except (RequestException, HTTPError, OSError, ValueError) as error:
        raise _unavailable(f"cannot be reached ({type(error).__name__})") from None
    try:
        return _Told(msgspec.json.decode(body, type=dict[str, Any]), at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unavailable("gives no JSON object") from None


def _read_body(response: Response, deadline: float) -> bytes:
    """Read piece by piece: a body that drips has no time-out of its own."""
    body = bytearray()
    while piece := response.raw.read1(LONGEST, decode_content=False):
        body += piece
        if len(body) > LONGEST:
            raise _unavailable("gives too long a document")
        if monotonic() > deadline:
            raise _unavailable("is too slow")
    return bytes(body)


def _keys_address(issuer: str, configuration: Mapping[str, Any]) -> str:
    """Return the keys' address: on the issuer's own host, by the word of the issuer itself."""
    url = configuration.get("jwks_uri")
    if configuration.get("issuer") != issuer or not isinstance(url, str):
        raise _unavailable("describes another issuer")
    try:
        own, found = urlsplit(issuer), urlsplit(url)
    except ValueError:
        raise _unavailable("has its keys at no address") from None
    if (found.scheme, found.netloc) != (own.scheme, own.netloc):
        raise _unavailable("has its keys on another host")
    return url


def _usable(keys: object) -> Iterator[tuple[str, RSAPublicKey]]:
    """Pick the RSA keys for signatures; whatever else there is, nothing is signed with it here."""
    for each in keys if isinstance(keys, list) else ():
        if not isinstance(each, dict) or each.get("kty") != "RSA":
            continue
        key_id = each.get("kid")
        is_for_us = each.get("use", "sig") == "sig" and each.get("alg", "RS256") == "RS256"
        if not isinstance(key_id, str) or not is_for_us:
            continue
        try:
            key = PyJWK(each, algorithm="RS256").key
        except (PyJWTError, ValueError, TypeError):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= _WEAKEST:
            yield key_id, key


def _unavailable(what: str) -> RetryLater:
    return RetryLater("keys_unavailable", f"the issuer of report tokens {what}", after=COOLDOWN)
