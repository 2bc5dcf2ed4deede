"""Make text harmless as the cell of a spreadsheet. Pure."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets read these, too
"""What begins a formula (OWASP, CSV Injection)."""


def harmless_cell(text: str) -> str:
    """Return text that a spreadsheet shows and does not compute: an apostrophe is put before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
