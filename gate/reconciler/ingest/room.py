"""Count for how many passes threads are free, so that no more of them begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.domain.model.ids import InstallationId


@dataclass(frozen=True, slots=True)
class Room:
    """Threads that are free, in all; and of all threads, how many one installation may hold.

    `held` counts what installations hold already. Whoever begins passes asks an `Allotment`.
    """

    free: int = 0
    of_one: int = 0
    held: Mapping[InstallationId | None, int] = field(default_factory=dict)

    @classmethod
    def for_all(cls, free: int) -> Room:
        """Build room that one installation may have all of."""
        return cls(free, free)


class Allotment:
    """Hands out room, pass by pass."""

    def __init__(self, room: Room) -> None:
        """Begin with all of it."""
        self.left = room.free
        self._of_one = room.of_one
        self._held = Counter(room.held)

    def take(self, of: InstallationId) -> bool:
        """Take room for a pass of an installation; False when there is none for it."""
        if self.left <= 0 or self._held[of] >= self._of_one:
            return False
        self.left -= 1
        self._held[of] += 1
        return True


NO_ROOM = Room()
