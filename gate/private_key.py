"""Read the App's private key."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key


# Parsing checks the primes, which takes longer than signing, and two places need the key.
@lru_cache(maxsize=2)
def read_private_key(pem: str) -> RSAPrivateKey:
    """Return the RSA key in a PEM text; raises ValueError, which says what it is instead."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key")  # noqa: TRY004 - it is the text that is wrong
    return key
