"""Write the history as CSV and as JSON Lines: the same columns, a batch at a time."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from io import StringIO
from typing import Final

import msgspec

from gate.domain.text.spreadsheet import harmless_cell
from gate.store.requests.history import HistoryEntry

COLUMNS: Final = (
    "id",
    "opened_at",
    "repository",
    "environment",
    "run_id",
    "run_attempt",
    "head_sha",
    "state",
    "verdict",
    "reason",
    "answered_at",
    "overridden_by",
    "url",
)


def write_csv(batches: Iterable[list[HistoryEntry]], public_url: str) -> Generator[bytes]:
    """Write rows that spreadsheets open safely: no cell begins a formula."""
    yield _csv_lines([COLUMNS])
    for batch in batches:
        rows = [_values(entry, public_url) for entry in batch]
        yield _csv_lines([[_cell(row[name]) for name in COLUMNS] for row in rows])


def write_jsonl(batches: Iterable[list[HistoryEntry]], public_url: str) -> Generator[bytes]:
    """Write one object a line; texts are as they are on record."""
    for batch in batches:
        lines = [msgspec.json.encode(_values(entry, public_url)) + b"\n" for entry in batch]
        yield b"".join(lines)


def _values(entry: HistoryEntry, public_url: str) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(entry, name) for name in COLUMNS if name != "url"}
    values["opened_at"] = _instant(entry.opened_at)
    values["answered_at"] = _instant(entry.answered_at)
    values["url"] = f"{public_url}/requests/{entry.id}"
    return values


def _instant(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return harmless_cell(" ".join(value) if isinstance(value, tuple) else str(value))


def _csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    buffer = StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
