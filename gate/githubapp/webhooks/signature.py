"""Check that a webhook was signed with a secret of ours.

GitHub signs the raw body with HMAC-SHA256 (docs: Validating webhook deliveries). The legacy SHA-1
header is never looked at.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from gate.errors import DeliveryRejected

_PREFIX: Final = b"sha256="


def check_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Raise DeliveryRejected unless `header` signs `body` with one of `secrets`.

    Every secret is tried, in constant time, so that several can be valid while they rotate. Both
    sides are compared as bytes: a header that is not ASCII is a refusal, not an error. No secrets,
    an empty one, or one text in place of a list are mistakes of ours and raise ValueError: with
    any of them a stranger could sign.
    """
    if isinstance(secrets, str) or not secrets or not all(secrets):
        raise ValueError("a webhook is checked with a list of secrets, none of them empty")
    if header is None:
        raise DeliveryRejected("missing_signature")
    given = header.encode("utf-8", "surrogatepass")
    matches = [
        hmac.compare_digest(given, _PREFIX + _sign(body, secret).encode()) for secret in secrets
    ]
    if not any(matches):
        raise DeliveryRejected("bad_signature")


def _sign(body: bytes, secret: str) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()
