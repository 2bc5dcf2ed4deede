"""Make an App's key when the tests run; none is kept in the repository."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def make_key_pair() -> tuple[str, str]:
    """Return a private and a public key, as PEM; the same for all tests of a process."""
    return generate_key_pair()


def generate_key_pair() -> tuple[str, str]:
    """Generate a private and a public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
