"""Texts are compared, unless that would take too long."""

from __future__ import annotations

import pytest

from gate.domain.text.comparison import MOST_BYTES, MOST_COMPARED, MOST_SHOWN, compare_texts

LINE = b"a: 1\n"


def test_what_differs_is_shown() -> None:
    """As a unified diff, and nothing where nothing differs."""
    assert compare_texts(b"a\nb\n", b"a\nc\n") == (
        "--- before",
        "+++ after",
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "+c",
    )
    assert compare_texts(b"", b"a\xff\n") == (
        "--- before",
        "+++ after",
        "@@ -0,0 +1 @@",
        "+a\ufffd",
    )
    assert compare_texts(b"a\n", b"a\n") == ()


@pytest.mark.parametrize("long", [LINE * (MOST_COMPARED + 1), b"a" * (MOST_BYTES + 1)])
def test_a_long_text_is_not_compared(long: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """On either side: it is refused before anything is compared."""

    def refuse(*_: object, **_named: object) -> None:
        pytest.fail("compared")

    monkeypatch.setattr("gate.domain.text.comparison.unified_diff", refuse)
    assert compare_texts(LINE, long) is None
    assert compare_texts(long, LINE) is None


def test_the_longest_that_are_compared() -> None:
    """At the limit itself, of which the first lines are shown."""
    shown = compare_texts(b"", LINE * MOST_COMPARED)
    assert shown is not None
    assert len(shown) == MOST_SHOWN
