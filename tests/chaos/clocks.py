"""Clocks that differ and jump, by Debian's libfaketime under unchanged programs.

Only the wall clock is faked: what measures a span of time goes on as it is. Where the library is
missing no clock is moved; the suite says so, and waits instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LIBRARIES: Final = ("*/faketime/libfaketimeMT.so.1", "faketime/libfaketimeMT.so.1")
_FOLDERS: Final = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))


def find_library() -> Path | None:
    """Return where libfaketime is; None where it is not installed."""
    found = (it for folder in _FOLDERS for name in _LIBRARIES for it in folder.glob(name))
    return next(found, None)


class Clock:
    """The wall clock of one process, `skew` seconds ahead; it moves with all others."""

    def __init__(self, file: Path, skew: float) -> None:
        """Write the file that the process reads."""
        self._file = file
        self._skew = skew
        self.move_to(0)

    def move_to(self, passed: float) -> None:
        """Let this much time have passed beside the real time."""
        # Replaced in one step: the process reads it all the time.
        written = self._file.with_suffix(".new")
        written.write_text(f"{self._skew + passed:+.3f}s\n")
        written.chmod(0o644)  # the database's user reads it too
        written.replace(self._file)


class Clocks:
    """All clocks of a run."""

    def __init__(self, folder: Path) -> None:
        """Begin with none, in a folder for their files."""
        self._folder = folder
        self._library = find_library()
        self._clocks: list[Clock] = []
        self.passed = 0.0

    @property
    def can_move(self) -> bool:
        """Return whether clocks can be moved here."""
        return self._library is not None

    def environment(self, name: str, skew: float = 0.0) -> dict[str, str]:
        """Make a clock and return the variables that put a process under it."""
        if self._library is None:
            return {}
        file = self._folder / f"clock-{name}"
        clock = Clock(file, skew)
        clock.move_to(self.passed)
        self._clocks.append(clock)
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }

    def advance(self, seconds: float) -> None:
        """Let time pass on all of them."""
        self.passed += seconds
        for clock in self._clocks:
            clock.move_to(self.passed)
