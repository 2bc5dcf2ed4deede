"""Sign in to a mail server with any name and password, by a method that both sides support.

smtplib's own `login` raises on a password that is not ASCII, and on a machine that forbids MD5 it
fails at the method that needs it in place of trying the next (CPython #136134). PLAIN has names and
passwords in UTF-8 (RFC 4616, section 2); LOGIN is nowhere specified, and servers take the same.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from smtplib import SMTP, SMTPAuthenticationError, SMTPNotSupportedError
from typing import Final

_Answer = tuple[int, bytes]
_GOES_ON: Final = 334
_SIGNED_IN: Final = frozenset({235, 503})
"""503 means that the client is already signed in."""


def sign_in(connection: SMTP, user: str, password: str) -> None:
    """Try each method that the server offers, beginning with the one that hides the password.

    Raises SMTPNotSupportedError when none can be used here, and SMTPAuthenticationError with the
    server's last answer when all were refused.
    """
    offered = connection.esmtp_features.get("auth", "").upper().split()
    refused: _Answer | None = None
    for name, method in _METHODS.items():
        if name not in offered:
            continue
        try:
            answer = method(connection, user, password)
        except ValueError:
            continue  # the algorithm is forbidden here, or the challenge is invalid
        if answer[0] in _SIGNED_IN:
            return
        refused = answer
    if refused is None:
        raise SMTPNotSupportedError("no sign-in method that both sides support")
    raise SMTPAuthenticationError(*refused)


def _cram_md5(connection: SMTP, user: str, password: str) -> _Answer:
    # Created first: where MD5 is forbidden, nothing was sent to the server yet.
    keyed = hmac.new(password.encode(), digestmod="md5")
    code, challenge = connection.docmd("AUTH", "CRAM-MD5")
    if code != _GOES_ON:
        return code, challenge
    keyed.update(b64decode(challenge, validate=True))
    return connection.docmd(_encoded(f"{user} {keyed.hexdigest()}"))


def _plain(connection: SMTP, user: str, password: str) -> _Answer:
    return connection.docmd("AUTH", f"PLAIN {_encoded(chr(0) + user + chr(0) + password)}")


def _login(connection: SMTP, user: str, password: str) -> _Answer:
    code, said = connection.docmd("AUTH", f"LOGIN {_encoded(user)}")
    return connection.docmd(_encoded(password)) if code == _GOES_ON else (code, said)


_METHODS: Final[dict[str, Callable[[SMTP, str, str], _Answer]]] = {
    "CRAM-MD5": _cram_md5,
    "PLAIN": _plain,
    "LOGIN": _login,
}


def encodings(user: str, password: str) -> tuple[str, ...]:
    """Return the encodings of the password on the wire, alone or within a longer text."""
    return _encoded(f"\0{user}\0{password}"), _encoded(password), _encoded(password).rstrip("=")


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
