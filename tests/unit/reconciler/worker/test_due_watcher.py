"""How nodes that look at the same due rows share them."""

from __future__ import annotations

from gate.domain.model.ids import NodeId
from gate.reconciler.worker.due_watcher import part_of

NOISY = [("noisy", number) for number in range(500)]
ONE, TWO = NodeId("node-1"), NodeId("node-2")


def name(row: tuple[str, int]) -> tuple[object, object]:
    """Return whose a row is, and which."""
    return row


def test_nodes_take_different_rows_first() -> None:
    """By chance they share some, but few; whatever one leaves, it comes to later."""
    one, two = (set(part_of(NOISY, node, 100, name)) for node in (ONE, TWO))
    assert len(one) == len(two) == 100
    assert len(one & two) < 50
    assert set(part_of(NOISY, ONE, 999, name)) == set(NOISY)
    assert part_of(NOISY, ONE, 0, name) == []


def test_the_one_row_of_another_is_not_left() -> None:
    """Owners take turns, in whatever order the rows come."""
    quiet = ("quiet", 1)
    for node in (ONE, TWO):
        assert quiet in part_of([*NOISY, quiet], node, 2, name)
