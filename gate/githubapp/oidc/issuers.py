"""Choose whose tokens count: the configured issuer, and those of enterprises beside it.

An enterprise may have an issuer of its own: the configured address with one more path segment, the
enterprise's slug (docs: OpenID Connect reference). Each has its own keys. Which repository a token
speaks for is said by numbers that GitHub gives once, so no enterprise can speak for another's.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore, Lock
from typing import Final

from gate.clock import Clock
from gate.errors import ReportRejected, RetryLater
from gate.githubapp.oidc.jwks import COOLDOWN, MOST_WAITING, SigningKeys

MOST_ISSUERS: Final = 16
"""Enterprises whose keys are known at once."""

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_SHOWN: Final = re.compile(r"[!-~]{1,120}", re.ASCII)


@dataclass(slots=True)
class _Enterprise:
    """The keys of one enterprise's issuer; `is_proven` once it has signed a token for us."""

    keys: SigningKeys
    known_since: datetime
    is_proven: bool = False


class Issuers:
    """The issuers that count, each with its keys; thread-safe.

    Anybody may send tokens that name enterprises. So few are known at once, one that has signed a
    token for us stays longest, and all of them share the threads that may wait for keys.
    """

    def __init__(self, configured: str, clock: Clock) -> None:
        """Start with the configured issuer; none is asked before a key is wanted."""
        self.configured: Final = configured
        self._clock = clock
        self._keys = SigningKeys(configured, clock)
        self._lock = Lock()
        self._waiting = BoundedSemaphore(MOST_WAITING)
        self._enterprises: OrderedDict[str, _Enterprise] = OrderedDict()

    def keys(self, issuer: object) -> SigningKeys:
        """Return the keys of an issuer as a token names it.

        Raises ReportRejected when it is none that counts, RetryLater when too many are known.
        """
        if issuer == self.configured:
            return self._keys
        if not isinstance(issuer, str) or not self._is_beside(issuer):
            raise ReportRejected("wrong_issuer", self._refusal(issuer))
        with self._lock:
            known = self._enterprises.get(issuer)
            if known is None:
                self._make_room()
                keys = SigningKeys(issuer, self._clock, waiting=self._waiting)
                known = self._enterprises[issuer] = _Enterprise(keys, self._clock())
            self._enterprises.move_to_end(issuer)
            return known.keys

    def record_proof(self, issuer: object) -> None:
        """Record that a good token was signed by an issuer."""
        with self._lock:
            if isinstance(issuer, str) and (known := self._enterprises.get(issuer)) is not None:
                known.is_proven = True

    def _is_beside(self, issuer: str) -> bool:
        base, _, slug = issuer.rpartition("/")
        return base == self.configured and _SLUG.fullmatch(slug) is not None

    def _make_room(self) -> None:
        """Forget an issuer if need be, one without proof first, and never one that just came."""
        if len(self._enterprises) < MOST_ISSUERS:
            return
        settled = self._clock() - COOLDOWN
        unproven = (it for it, known in self._enterprises.items() if not known.is_proven)
        oldest = next(unproven, next(iter(self._enterprises)))
        if self._enterprises[oldest].known_since > settled:
            raise RetryLater("keys_unavailable", "too many issuers at once", after=COOLDOWN)
        del self._enterprises[oldest]

    def _refusal(self, issuer: object) -> str:
        is_shown = isinstance(issuer, str) and _SHOWN.fullmatch(issuer)
        named = issuer if is_shown else "an issuer that cannot be shown"
        return f"the token is of {named}; this gate takes those of {self.configured} and below it"
