"""The settings of the sign-in: all or none, and keys that are long enough."""

from __future__ import annotations

import pytest

from gate.settings.checks import check_public_url
from tests.unit.setting_values import load, problems

SIGN_IN = {
    "GATE_GITHUB_CLIENT_ID": "Iv23liAbC",
    "GATE_GITHUB_CLIENT_SECRET": "a client secret of the tests",
    "GATE_SESSION_KEY": "a session key of the tests that is long",
}


def test_all_together_configure_the_sign_in() -> None:
    """Without them nobody can sign in."""
    assert load(SIGN_IN).has_sign_in
    assert not load().has_sign_in


@pytest.mark.parametrize("missing", sorted(SIGN_IN))
def test_a_part_is_no_sign_in(missing: str) -> None:
    """The problem names what is missing."""
    (problem,) = problems({name: it for name, it in SIGN_IN.items() if name != missing})
    assert problem.startswith(f"{missing} is not set, but GATE_")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATE_GITHUB_CLIENT_ID", "my s3cret app"),
        ("GATE_GITHUB_CLIENT_SECRET", "s3cret"),
        ("GATE_SESSION_KEY", "s3cret"),
        ("GATE_SESSION_KEY", "s3cret" * 6 + ",s3cret"),
        ("GATE_SESSION_KEY", ","),
        ("GATE_PUBLIC_URL", "http://s3cret.example.com"),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(name: str, value: str) -> None:
    """Keys have 32 characters, and cookies need https."""
    (problem,) = problems(SIGN_IN | {name: value})
    assert problem.startswith(f"{name} ")
    assert "s3cret" not in problem


@pytest.mark.parametrize("url", ["https://gate.example.com", "http://127.0.0.1:8080"])
def test_keys_rotate_as_a_list(url: str) -> None:
    """The newest is first; blanks around one are not part of it."""
    both = f"{'n' * 32}, {'o' * 32}"
    settings = load(SIGN_IN | {"GATE_SESSION_KEY": both, "GATE_PUBLIC_URL": url})
    assert [it.get_secret_value() for it in settings.session_key] == ["n" * 32, "o" * 32]
    assert "nnn" not in repr(settings)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("HTTPS://Gate.Example.com", "https://gate.example.com"),
        ("https://gate.example.com/Gate/", "https://gate.example.com/Gate"),
        ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_the_public_url_is_kept_in_one_spelling(written: str, kept: str) -> None:
    """Whether a cookie is secure depends on its scheme, which has no case."""
    assert check_public_url(written) == kept
