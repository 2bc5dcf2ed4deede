"""Where a browser is sent after the sign-in."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.access.destination import local_path


@pytest.mark.parametrize(
    "wanted",
    [
        "/",
        "/requests/7",
        "/history?repository=octo-org/frontend&environment=a%20b#top",
        "/sign-insights",
        "/a//b",
        "/%2F/evil.example",
    ],
)
def test_a_path_on_the_gate_is_kept(wanted: str) -> None:
    """As it is, with its query."""
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "requests/7",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\..\\b",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a b",
        "/a\r\nSet-Cookie: x=y",
        "/ü",
        "/\u202e",
        "/" + "a" * 2_000,
        "/sign-in",
        "/sign-in?to=/",
        "/sign-in/start",
        "/sign-out",
    ],
)
def test_anything_else_leads_to_the_board(wanted: str | None) -> None:
    """Hosts, schemes, backslashes, what cannot be seen, and the sign-in itself."""
    assert local_path(wanted) == "/"


@given(st.text() | st.text("/\\.:@a%\t\n?#"))
def test_nobody_leaves_the_gate(wanted: str) -> None:
    """However a text is put together, it stays on the host."""
    base = "https://gate.example.com/sign-in/callback"
    assert urlsplit(urljoin(base, local_path(wanted))).netloc == "gate.example.com"
