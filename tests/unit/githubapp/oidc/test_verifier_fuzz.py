"""No token, signed or not, makes the verifier fail in a way of its own."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ReportRejected, RetryLater
from tests.support.token_desk import Desk

_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
_CLAIMS: Final = st.sampled_from(
    (
        *("iss", "aud", "exp", "nbf", "iat", "jti", "sub", "repository", "repository_id", "run_id"),
        *("repository_owner_id", "run_attempt", "workflow_ref", "event_name", "sha", "head_ref"),
    )
)


@given(st.dictionaries(_CLAIMS, _JSON, min_size=1, max_size=3))
def test_whatever_is_signed_is_taken_or_refused(desk: Desk, claims: dict[str, Any]) -> None:
    """The issuer signs what it is told; no claim makes the verifier fail in another way."""
    try:
        token = desk.mint(**claims)
    except (TypeError, ValueError):
        return
    try:
        desk.verifier.verify(token)
    except ReportRejected:
        return


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*"))
def test_whatever_is_sent_is_refused(desk: Desk, token: str) -> None:
    """No text is a token, and none makes the verifier fail in another way."""
    with pytest.raises((ReportRejected, RetryLater)):
        desk.verifier.verify(token)
