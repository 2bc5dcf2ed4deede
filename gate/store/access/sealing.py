"""Encrypt what the database must not reveal: GitHub's tokens of people who are signed in."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(Exception):
    """What was sealed was sealed with none of the present keys."""


class Sealer:
    """Seal with the first of several keys, and open what any of them sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Derive a cipher from each key."""
        self._ciphers = MultiFernet([_cipher(key) for key in keys])

    def seal(self, text: str) -> bytes:
        """Encrypt a text."""
        return self._ciphers.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt a text; raises Unreadable when its key is gone."""
        try:
            return self._ciphers.decrypt(sealed).decode()
        except InvalidToken:
            raise Unreadable from None


def _cipher(key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"deployment-gate sessions")
    return Fernet(base64.urlsafe_b64encode(derived.derive(key.encode())))
