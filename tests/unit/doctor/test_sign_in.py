"""What the doctor says of the sign-in."""

from __future__ import annotations

import pytest

from gate.doctor.findings import Level
from gate.doctor.sign_in import find_sign_in
from tests.support.alert_settings import settings_with

SIGN_IN = {
    "GITHUB_CLIENT_ID": "Iv23liAbC",
    "GITHUB_CLIENT_SECRET": "a client secret of the tests",
    "SESSION_KEY": "a session key of the tests that is long",
}
PUBLIC = {"PUBLIC_URL": "https://gate.example.com"}


@pytest.mark.parametrize(
    ("variables", "level", "words"),
    [
        (SIGN_IN | PUBLIC, Level.OK, "https://gate.example.com/sign-in/callback"),
        ({}, Level.OK, "this machine only"),
        (PUBLIC, Level.WARN, "nobody can open a page"),
    ],
)
def test_the_sign_in_is_looked_at(variables: dict[str, str], level: Level, words: str) -> None:
    """A gate with a public address and no sign-in has pages that nobody can open."""
    (found,) = find_sign_in(settings_with(**variables))
    assert found.level is level
    assert words in found.found
    assert ("GATE_SESSION_KEY" in found.remedy) is (level is Level.WARN)
