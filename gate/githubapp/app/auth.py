"""Sign the JWT that proves to GitHub that we are the App.

The private key is parsed once and a JWT is signed once in several minutes: reading a PEM and
signing costs as much as many calls (docs: Generating a JSON Web Token for a GitHub App).

GitHub refuses a JWT whose times do not fit its own clock. `correct` then sets ours right by it, for
what is between GitHub and us alone: nothing else goes by the corrected time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import jwt

from gate.clock import Clock
from gate.errors import ConfigError
from gate.githubapp.app.signing import PublicKey, sign
from gate.log import get_logger
from gate.private_key import read_private_key

_BACKDATED: Final = timedelta(seconds=60)
"""GitHub advises this against clocks that run apart."""
_LIFETIME: Final = timedelta(minutes=8)
"""GitHub takes ten minutes at most; the rest is for a clock of ours that runs fast."""
_USED_FOR: Final = timedelta(minutes=5)

log = get_logger(__name__)


class AppCredentials:
    """The App's identity, shared between threads. `repr` shows no secret."""

    def __init__(self, app_id: str, private_key: str, clock: Clock) -> None:
        """Parse the key; raises ConfigError when it is no RSA key.

        `app_id` may be the App's client id as well.
        """
        try:
            key = read_private_key(private_key)
        except ValueError as error:
            raise ConfigError((f"GATE_GITHUB_PRIVATE_KEY: {error}",)) from None
        self.app_id: Final = app_id
        self.public_key: Final = PublicKey(key.public_key())
        self._key = key
        self._clock = clock
        self._lock = Lock()
        self._jwt = ""
        self._signed_at: datetime | None = None
        self._behind = timedelta()

    def now(self) -> datetime:
        """Return GitHub's time, as far as it is known."""
        return self._clock() + self._behind

    def correct(self, told: datetime) -> timedelta:
        """Adopt GitHub's clock, which showed `told` just now; return how far ours is behind it.

        For a JWT that GitHub refused for its times. What is signed from now on fits its clock.
        """
        behind = told - self._clock()
        with self._lock:
            self._behind = behind
            self._signed_at = None
        log.warning("clock.corrected", seconds_behind=round(behind.total_seconds()))
        return behind

    def token(self) -> str:
        """Return a JWT that is valid for three minutes more; the same one while it may be used.

        A clock that was set back makes a new one: the old would be from the future.
        """
        with self._lock:
            now = self.now()
            signed_at = self._signed_at
            if signed_at is None or not signed_at <= now < signed_at + _USED_FOR:
                claims = {
                    "iat": int((now - _BACKDATED).timestamp()),
                    "exp": int((now + _LIFETIME).timestamp()),
                    "iss": self.app_id,
                }
                self._jwt = jwt.encode(claims, self._key, algorithm="RS256")
                self._signed_at = now
            return self._jwt

    @property
    def fingerprint(self) -> str:
        """Return the key's name as GitHub shows it on the App's page."""
        return self.public_key.fingerprint

    def sign(self, text: bytes) -> str:
        """Sign a text that is no JWT; the signature comes in base64."""
        return sign(self._key, text)
