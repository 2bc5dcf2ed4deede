"""What GitHub says when it gives no token is not blamed on the call that needed it."""

from __future__ import annotations

import pytest

from gate.errors import Refused
from gate.githubapp.app.session import refused_token


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("unprocessable", "422 [-] permissions are not granted"), "permission_missing"),
        (Refused("unprocessable", "422 [-] one repository that does not exist"), "not_found"),
        (Refused("unprocessable", "422 [-] something new"), "permission_missing"),
        (Refused("not_found", "404"), "not_found"),
        (Refused("permission_missing", "403"), "permission_missing"),
    ],
)
def test_a_refused_token_never_blames_the_call(error: Refused, reason: str) -> None:
    """A review must not be given up because the token for it could not be had just now."""
    assert refused_token(error).reason == reason
