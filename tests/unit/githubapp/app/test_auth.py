"""The App's JWT is what GitHub accepts, and is signed seldom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from gate.errors import ConfigError
from gate.githubapp.app.auth import AppCredentials
from tests.support.clock import NOW, FakeClock
from tests.support.keys import make_key_pair

PRIVATE, PUBLIC = make_key_pair()


def claims(token: str) -> dict[str, Any]:
    """Verify a JWT but for its times, which are the test's."""
    options = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(token, PUBLIC, algorithms=["RS256"], options=options)  # type: ignore[arg-type]  # PyJWT types each option


def test_the_claims_are_those_github_wants() -> None:
    """Issued a minute ago and over in less than nine; the issuer is a text."""
    found = claims(AppCredentials("12345", PRIVATE, FakeClock()).token())
    now = int(NOW.timestamp())
    assert found == {"iss": "12345", "iat": now - 60, "exp": now + 480}
    assert found["exp"] <= now + 540


def test_a_client_id_will_do() -> None:
    """GitHub recommends the client id for the issuer."""
    assert claims(AppCredentials("Iv23liAbC", PRIVATE, FakeClock()).token())["iss"] == "Iv23liAbC"


def test_one_jwt_serves_for_minutes() -> None:
    """Signing is dear, and a JWT in use stays good for three minutes at least."""
    clock = FakeClock()
    credentials = AppCredentials("1", PRIVATE, clock)
    first = credentials.token()
    clock.advance(minutes=4, seconds=59)
    assert credentials.token() is first
    assert claims(first)["exp"] - clock.now.timestamp() >= 180
    clock.advance(seconds=1)
    second = credentials.token()
    assert second != first
    assert claims(second)["exp"] == int(clock.now.timestamp()) + 480


def test_a_clock_that_was_set_back_signs_anew() -> None:
    """A JWT from the future is refused by GitHub, and would be for as long as we kept it."""
    clock = FakeClock()
    credentials = AppCredentials("1", PRIVATE, clock)
    first = credentials.token()
    clock.advance(hours=-1)
    assert claims(credentials.token())["iat"] < claims(first)["iat"]


def test_threads_share_one_jwt() -> None:
    """However many ask at once, one signature serves them."""
    credentials = AppCredentials("1", PRIVATE, FakeClock())
    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(lambda _: credentials.token(), range(64)))
    assert len(tokens) == 1


def test_the_key_is_not_shown() -> None:
    """Neither the key nor the JWT is in what the object says about itself."""
    credentials = AppCredentials("1", PRIVATE, FakeClock())
    token = credentials.token()
    shown = f"{credentials!r} {credentials}"
    assert token not in shown
    assert "PRIVATE" not in shown


def _ed25519() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("key", ["", "no key", PUBLIC, PRIVATE[:200], _ed25519()])
def test_a_key_that_cannot_sign_stops_the_start(key: str) -> None:
    """The problem names the setting and repeats nothing of the key."""
    with pytest.raises(ConfigError) as caught:
        AppCredentials("1", key, FakeClock())
    assert caught.value.problems[0].startswith("GATE_GITHUB_PRIVATE_KEY: ")
    assert "BEGIN" not in str(caught.value)
