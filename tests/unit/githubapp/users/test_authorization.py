"""Where people sign in, and what their tokens show of themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.githubapp.users.authorization import UserAuthorization, web_root
from gate.githubapp.users.tokens import UserTokens
from tests.support.builders.defaults import NOW


@pytest.mark.parametrize(
    ("api_url", "root"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com"),
        ("https://api.example.com:8443/api/v3", "https://api.example.com:8443"),
        ("http://127.0.0.1:4100", "http://127.0.0.1:4100"),
        ("http://127.0.0.1:4100/api/v3", "http://127.0.0.1:4100"),
    ],
)
def test_pages_are_beside_the_api(api_url: str, root: str) -> None:
    """On GitHub.com, with data residency, on Enterprise Server and in the simulation."""
    assert web_root(api_url) == root


def test_a_secret_goes_out_encrypted_only() -> None:
    """Plain http is for loopback."""
    with pytest.raises(ValueError, match="https only"):
        UserAuthorization(
            "http://ghe.example.com/api/v3",
            client_id="Iv1",
            client_secret="s",
            redirect_uri="https://gate.example.com/sign-in/callback",
            clock=lambda: NOW,
            timeout=1,
        )


def test_tokens_are_kept_as_text_and_show_stars() -> None:
    """What comes back is what was kept; its `repr` shows nothing."""
    tokens = UserTokens("ghu_secret", NOW, "ghr_secret")
    assert UserTokens.load(tokens.dump()) == tokens
    assert "secret" not in repr(tokens)


def test_a_token_is_renewed_before_it_expires() -> None:
    """One that never expires is not renewed."""
    before = timedelta(minutes=10)
    tokens = UserTokens("ghu_1", NOW + before, "ghr_1")
    assert tokens.must_renew(NOW, before)
    assert not tokens.must_renew(NOW - timedelta(microseconds=1), before)
    assert not UserTokens("ghu_1").must_renew(NOW, before)
