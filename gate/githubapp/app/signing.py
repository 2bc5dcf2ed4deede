"""Sign with the App's key, and check such signatures with its public half.

RS256: RSA with PKCS #1 v1.5 padding over SHA-256, which `openssl dgst` checks as well. A key is
named as GitHub shows it on the App's page (docs: Managing private keys for GitHub Apps, Verifying
private keys).
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from gate.domain.audit.chain import Checkpoint, checkpoint_text


class PublicKey:
    """The public half of an App's key."""

    def __init__(self, key: RSAPublicKey) -> None:
        """Compute the fingerprint."""
        self._key = key
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.fingerprint: Final = "SHA256:" + b64encode(sha256(der).digest()).decode()

    def has_signed(self, text: bytes, signature: str) -> bool:
        """Return whether `signature`, in base64, is this key's over `text`."""
        try:
            self._key.verify(b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def sign(key: RSAPrivateKey, text: bytes) -> str:
    """Sign `text`; the signature comes in base64."""
    return b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def read_public_key(pem: bytes) -> PublicKey:
    """Read a public key; raises ValueError when it is no RSA key in PEM."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("no readable public key") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no RSA key")  # noqa: TRY004 - it is the file that is wrong, not its type
    return PublicKey(key)


def check_signature_of(checkpoint: Checkpoint, keys: Sequence[PublicKey]) -> str | None:
    """Return what is wrong with a checkpoint's signature; None when one of `keys` has made it."""
    key = next((it for it in keys if it.fingerprint == checkpoint.key_fingerprint), None)
    if key is None:
        named = repr(checkpoint.key_fingerprint)
        return f"it is signed by the key {named}, which is none that was given"
    if not key.has_signed(checkpoint_text(checkpoint), checkpoint.signature):
        return "its signature does not fit: it was changed, or not made by the App's key"
    return None
