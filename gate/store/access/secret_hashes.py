"""Hash secrets of ours: whoever reads the database can use none of them."""

from __future__ import annotations

from hashlib import sha256


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a random secret; it is long enough that nobody guesses it."""
    return sha256(secret.encode()).hexdigest()
