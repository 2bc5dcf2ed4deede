"""What a badge says in a README."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.board.badge import word_badge
from gate.domain.board.cell import Cell, CellState, Queue
from gate.domain.model.ids import RequestId
from tests.support.builders.defaults import ENVIRONMENT, NOW
from tests.support.builders.runs import make_run


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=59), "validated just now"),
        (timedelta(minutes=1, seconds=59), "validated 1 min ago"),
        (timedelta(hours=2, minutes=5), "validated 2 h 5 min ago"),
    ],
)
def test_an_open_environment_tells_its_age_in_whole_minutes(age: timedelta, text: str) -> None:
    """So that caches keep it for a while."""
    run = make_run(started_at=NOW - age)
    assert word_badge(Cell(ENVIRONMENT, CellState.OPEN, "pass", "open", "", run=run), NOW) == text


@pytest.mark.parametrize(("count", "text"), [(1, "1 deployment"), (2, "2 deployments")])
def test_what_waits_comes_first(count: int, text: str) -> None:
    """Whatever the state is."""
    queue = Queue(RequestId(7), count, NOW, None)
    cell = Cell(ENVIRONMENT, CellState.HELD, "fail", "on hold", "", queue=queue)
    assert word_badge(cell, NOW) == f"{text} on hold"


def test_other_states_are_one_word() -> None:
    """A failure says what failed, since nothing stands around a badge."""
    failed = Cell(ENVIRONMENT, CellState.FAILED, "fail", "failed", "")
    unknown = Cell(ENVIRONMENT, CellState.UNKNOWN, "none", "unknown", "")
    assert word_badge(failed, NOW) == "validation failed"
    assert word_badge(unknown, NOW) == "unknown"
