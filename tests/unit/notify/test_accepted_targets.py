"""What is remembered of an alert is who took it, and not for ever."""

from __future__ import annotations

from gate.notify.accepted_targets import MOST_ALERTS, AcceptedTargets


def test_each_alert_has_its_own_targets() -> None:
    """Nobody counts as served by another alert."""
    taken = AcceptedTargets()
    taken.record("a", 0)
    taken.record("a", 2)
    taken.record("b", 1)

    assert taken.by("a") == {0, 2}
    assert taken.by("b") == {1}
    assert taken.by("c") == frozenset()


def test_the_oldest_alert_is_forgotten() -> None:
    """Memory has an end; what is still being sent is not what goes."""
    taken = AcceptedTargets()
    taken.record("first", 0)
    taken.record("second", 0)
    taken.record("first", 1)
    for number in range(MOST_ALERTS - 1):
        taken.record(str(number), 0)

    assert taken.by("first") == {0, 1}
    assert taken.by("second") == frozenset()
