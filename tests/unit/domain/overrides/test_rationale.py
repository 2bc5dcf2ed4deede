"""What a reviewer's comment holds: the acknowledgement, and a reason beside it."""

import pytest

from gate.domain.overrides.rationale import (
    LARGEST_RATIONALE,
    cap_rationale,
    is_too_long,
    read_rationale,
)
from gate.domain.text.fold import fold

PHRASE = "I accept the risk"


@pytest.mark.parametrize(
    ("said", "acknowledged"),
    [
        ("I accept the risk", True),
        ("i ACCEPT the Risk.", True),
        ("Checked. I  accept\n\tthe\u00a0risk, it is fine", True),
        ("**I accept the risk**", True),
        ("_I accept the risk_", True),
        ("I acc\u200bept the r\u202eisk", True),
        ("I accept the risks", False),
        ("Hi accept the risk", False),
        ("I do not accept the risk", False),
        ("I accept. The risk", False),
        ("> I accept the risk\nno", False),
        ("  > I accept the risk\nno", False),
        ("I accept\n> not\nthe risk", True),
        *[(f"> no{it}I accept the risk", False) for it in "\x0b\x0c\x1c\x85\u2028\u2029"],
        *[(f"> no{it}I accept the risk", True) for it in ("\n", "\r\n", "\r")],
        ("", False),
    ],
)
def test_acknowledged(said: str, acknowledged: bool) -> None:
    """The words count whatever their case and spacing, as words, and unquoted."""
    assert read_rationale(said, PHRASE).acknowledged is acknowledged


@pytest.mark.parametrize("phrase", ["", " ", "\u200b"])
def test_nothing_to_acknowledge(phrase: str) -> None:
    """A phrase that nobody can say is never said."""
    assert not read_rationale("anything -- at all", phrase).acknowledged


@pytest.mark.parametrize("phrase", ["(ok) [a-z]+", "Ja", "  I   ACCEPT the risk "])
def test_phrase_is_no_pattern(phrase: str) -> None:
    """The policy's words are words, not a pattern, and may be spelled loosely themselves."""
    assert read_rationale(f"so be it: {phrase}!", phrase).acknowledged
    assert not read_rationale("January", phrase).acknowledged


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("", 0),
        ("I accept the risk", 0),
        ("I accept the risk I accept the risk", 0),
        ("abc I accept the risk def", 6),
        ("a b\n\tc\u2003d", 4),
        ("a\u200bb\u202ec\x00\ufeff", 3),
        ("\ue000\ud800", 0),
        ("> quoted\nown", 3),
        ("e\u0301", 1),
    ],
)
def test_length(said: str, length: int) -> None:
    """Blanks, invisible characters, quotes and the acknowledgement itself are no reason."""
    assert read_rationale(said, PHRASE).length == length


@pytest.mark.parametrize(
    ("text", "too_long"),
    [
        ("x" * LARGEST_RATIONALE, False),
        ("x" * (LARGEST_RATIONALE + 1), True),
        ("é" * (LARGEST_RATIONALE // 2), False),
        ("é" * (LARGEST_RATIONALE // 2) + "x", True),
        ("\ud800", False),
    ],
)
def test_too_long(text: str, too_long: bool) -> None:
    """A rationale of exactly 8 KiB is kept."""
    assert is_too_long(text) is too_long


def test_fold() -> None:
    """Text is put on one line with nothing invisible in it."""
    assert fold(" a \r\n\u2028b\u202e\u200b\tc\x1b ") == "a b c"


@pytest.mark.parametrize("text", ["x" * 90_000, "é" * 90_000, "\U0001f600" * 90_000])
def test_what_is_cut_is_still_known_to_be_too_long(text: str) -> None:
    """A rationale is kept in every decision, so that only so much of it is."""
    cut = cap_rationale(text)
    assert is_too_long(cut)
    assert len(cut.encode()) <= LARGEST_RATIONALE + 8


def test_what_is_short_enough_is_kept_whole() -> None:
    """Nothing is cut from what may count."""
    assert cap_rationale("é" * (LARGEST_RATIONALE // 2)) == "é" * (LARGEST_RATIONALE // 2)
