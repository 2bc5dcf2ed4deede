"""Write entries of the trail one by one, as JSON lines or as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Final, TextIO

from gate.domain.audit.chain import FIELDS, Fields, canonical

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


def write_jsonl(out: TextIO, entries: Iterable[Fields]) -> None:
    """Write one canonical JSON object a line: what the hashes are made over, and the hashes."""
    out.writelines(f"{canonical(fields)}\n" for fields in entries)


def write_csv(out: TextIO, entries: Iterable[Fields]) -> None:
    """Write a table with a heading; text that a spreadsheet would run gets an apostrophe."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(FIELDS)
    for fields in entries:
        table.writerow([_cell(fields[name]) for name in FIELDS])


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return canonical(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
