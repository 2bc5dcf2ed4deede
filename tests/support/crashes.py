"""End the process at one place of the code, as a crash would."""

from __future__ import annotations

from collections.abc import Callable


class Crash(BaseException):
    """The process ends here."""


def crash_once(place: str) -> Callable[[str], None]:
    """Build a failpoint that ends the process the first time this place is reached."""
    reached: list[str] = []

    def fail(name: str) -> None:
        if name == place and not reached:
            reached.append(name)
            raise Crash

    return fail
