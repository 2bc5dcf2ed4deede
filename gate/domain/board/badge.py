"""Word the badge of an environment, which stands in a README. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.board.cell import Cell, CellState
from gate.domain.text.durations import span

_MINUTE: Final = timedelta(minutes=1)
_FIXED: Final = {CellState.FAILED: "validation failed"}


def word_badge(cell: Cell, now: datetime) -> str:
    """Describe in a few words how an environment stands."""
    if cell.queue is not None:
        count = cell.queue.count
        return f"{count} deployment{'s' if count > 1 else ''} on hold"
    if cell.state is not CellState.OPEN or cell.run is None:
        return _FIXED.get(cell.state, cell.word)
    elapsed = now - cell.run.started_at
    if elapsed < _MINUTE:
        return "validated just now"
    return f"validated {span(elapsed - elapsed % _MINUTE)} ago"
