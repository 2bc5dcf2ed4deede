"""A small disk of a run's own, which can be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SIZE: Final = "16m"
_BLOCK: Final = bytes(64 * 1024)


class Disk:
    """Where SQLite's file is; `can_fill` unless it is an ordinary folder."""

    def __init__(self, folder: Path, *, can_fill: bool) -> None:
        """Use a folder that exists."""
        self.folder = folder
        self.can_fill = can_fill
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no room."""
        with self._filler.open("wb", buffering=0) as stream:
            try:
                while stream.write(_BLOCK):
                    pass
            except OSError:
                return

    def clear(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small disk in memory while the context lasts, where that is allowed."""
    folder.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield Disk(folder, can_fill=mounted)
    finally:
        if mounted:
            subprocess.run(["/usr/bin/umount", "--lazy", str(folder)], check=True)
