"""When a problem of the gate itself is told, and when its end is."""

from __future__ import annotations

import pytest

from gate.domain.incidents.gate_alerts import LastSaid, key_of_end, key_of_problem
from gate.domain.model.alert import AlertKind
from tests.support.builders import NOW

PROBLEM = ("policy/1/abc", AlertKind.POLICY)
AGAIN = ("policy/1/abc/20260302T110000", AlertKind.POLICY)
OTHER = ("policy/1/xyz", AlertKind.POLICY)
ENDED = ("policy/1/abc/mended", AlertKind.RECOVERY)
LATER = "policy/1/abc/20260302T120000"


@pytest.mark.parametrize(
    ("last", "problem", "end"),
    [
        (None, "policy/1/abc", None),
        (PROBLEM, None, "policy/1/abc/mended"),
        (AGAIN, None, "policy/1/abc/20260302T110000/mended"),
        (OTHER, LATER, "policy/1/xyz/mended"),
        (ENDED, LATER, None),
    ],
)
def test_what_is_told(last: LastSaid | None, problem: str | None, end: str | None) -> None:
    """A problem once, until people heard of another one or of its end; an end only after one."""
    assert key_of_problem("policy/1/abc", last, NOW) == problem
    assert key_of_end(last) == end
