"""A scene of the demo: one thing that happens, and what the gate is expected to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.demo.checks import Memory, Seen
from gate.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Scene:
    """A line of the demo's table."""

    title: str
    expected: str
    play: Callable[[Stage, Memory], Seen]
