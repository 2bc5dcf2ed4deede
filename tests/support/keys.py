"""Make an App's key when the tests run; none is kept in the repository."""

from __future__ import annotations

from functools import cache

from gate.demo.key_pair import generate_key_pair


@cache
def make_key_pair() -> tuple[str, str]:
    """Return a private and a public key, as PEM; the same for all tests of a process."""
    return generate_key_pair()
