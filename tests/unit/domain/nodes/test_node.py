"""How a node stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.nodes.node import BEAT, LOST_AFTER, Node, NodeKind, NodeState, Process
from tests.support.builders.defaults import NODE, NOW, TICK

_PROCESS = Process(NODE, NodeKind.SERVE, "host", 1, "1.0", NOW)


@pytest.mark.parametrize(
    ("silent", "is_draining", "state"),
    [
        (timedelta(), False, NodeState.RUNNING),
        (2 * BEAT, False, NodeState.RUNNING),
        (LOST_AFTER, False, NodeState.RUNNING),
        (LOST_AFTER + TICK, False, NodeState.LOST),
        (timedelta(), True, NodeState.DRAINING),
        (LOST_AFTER + TICK, True, NodeState.LOST),
    ],
)
def test_what_was_heard_last_counts_until_the_silence_is_too_long(
    silent: timedelta, state: NodeState, *, is_draining: bool
) -> None:
    """Two late beats are no loss, a third is; one that drained and fell silent is lost too."""
    node = Node(_PROCESS, NOW, is_draining, 0)
    assert node.state(NOW + silent) is state


def test_a_beat_from_ahead_is_no_age_below_zero() -> None:
    """A clock that was set back in the meantime makes nobody younger than now."""
    assert Node(_PROCESS, NOW, is_draining=False, hints_waiting=0).silent_for(
        NOW - BEAT
    ) == timedelta(0)
