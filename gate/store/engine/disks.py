"""Refuse a place where SQLite would not keep what it promises.

SQLite's write-ahead log needs memory that all its processes share, and locks that hold: a network
file system has neither (docs: Write-Ahead Logging, How To Corrupt An SQLite Database File).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gate.errors import ConfigError

WAL: Final = "wal"

OWNER_ONLY: Final = 0o600
"""Who may read the database: it holds what people wrote. SQLite gives its side files the mode of
the database itself."""

MOUNTS: Final = Path("/proc/self/mounts")
"""Where Linux tells what is mounted; other systems tell it nowhere that can be read."""

_NETWORK: Final = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.ceph-fuse",
        "fuse.cephfs",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)


def check_disk(file: Path, mounts: Path) -> None:
    """Raise ConfigError when a file of SQLite is on a network file system, as `mounts` tells."""
    try:
        told = mounts.read_text("utf-8", "surrogateescape")
    except OSError:
        return
    kind, place = max(
        _above(file.resolve(), told), key=lambda it: len(it[1].parts), default=("", file)
    )
    if kind in _NETWORK:
        problem = (
            f"GATE_DATABASE_URL: {file} is on a network file system ({kind} at {place});"
            " put it on a local disk, or use PostgreSQL"
        )
        raise ConfigError((problem,))


def prepare_file(file: str) -> None:
    """Make a file for its owner alone unless there is one; raise ConfigError if none can be had."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY))
    except OSError as error:
        raise _unwritable(file, error) from None


def check_folder(folder: Path) -> None:
    """Raise ConfigError unless files can be made in a folder; none is left there."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise _unwritable(str(folder), error) from None


def _unwritable(place: str, error: OSError) -> ConfigError:
    problem = f"GATE_DATABASE_URL: {place} cannot be written ({error.strerror})"
    return ConfigError((f"{problem}; choose another place, or change who owns it",))


def check_journal(answer: str, file: str) -> None:
    """Raise ConfigError unless SQLite has answered that it keeps a write-ahead log."""
    if answer != WAL:
        problem = (
            f"GATE_DATABASE_URL: SQLite keeps no write-ahead log for {file} but `{answer}`;"
            " put it on a local disk, or use PostgreSQL"
        )
        raise ConfigError((problem,))


def _above(file: Path, mounts: str) -> Iterator[tuple[str, Path]]:
    """Return kind and place of each mount that a file is below, the newest first."""
    for line in reversed(mounts.splitlines()):
        match line.split(" "):
            case [_, escaped, kind, *_] if file.is_relative_to(place := Path(_unescaped(escaped))):
                yield kind, place
            case _:
                pass


def _unescaped(text: str) -> str:
    """Undo the octal escapes of blanks and the like in a mount's path."""
    for character in " \t\n\\":
        text = text.replace(f"\\{ord(character):03o}", character)
    return text
