"""Cells that a spreadsheet shows and does not compute."""

from __future__ import annotations

import pytest

from gate.domain.text.spreadsheet import harmless_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_becomes_text(text: str) -> None:
    """An apostrophe is put before it."""
    assert harmless_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "octo-org/frontend", "1"])
def test_other_text_stays(text: str) -> None:
    """Nothing else is changed."""
    assert harmless_cell(text) == text
