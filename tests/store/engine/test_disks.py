"""SQLite is refused where it would not keep its promises, in one clear line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gate.errors import ConfigError
from gate.store.engine import disks
from gate.store.engine.database import Database
from gate.store.engine.disks import check_disk, check_journal


def mounted(folder: Path, kind: str, *more: str) -> Path:
    """Write a list of mounts as Linux does, with `folder` as one of them."""
    place = str(folder).replace(" ", "\\040")
    lines = ["/dev/vda / ext4 rw 0 0", f"server:/share {place} {kind} rw,hard 0 0", *more]
    mounts = folder.parent / "mounts"
    mounts.write_text("".join(f"{line}\n" for line in lines))
    return mounts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide a folder whose name must be escaped in a list of mounts."""
    made = tmp_path / "a share"
    made.mkdir()
    return made


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph"])
def test_a_network_file_system_is_refused(folder: Path, kind: str) -> None:
    """The line names file, kind and place, and what to do."""
    mounts = mounted(folder, kind)
    with pytest.raises(ConfigError) as refused:
        check_disk(folder / "gate.db", mounts)
    (problem,) = refused.value.problems
    assert f"{folder}/gate.db is on a network file system ({kind} at {folder})" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("kind", ["ext4", "overlay", "tmpfs", "fuseblk", "9p"])
def test_a_local_disk_is_taken(folder: Path, kind: str) -> None:
    """What is not known to be far away is no reason to refuse."""
    check_disk(folder / "gate.db", mounted(folder, kind))


def test_the_innermost_mount_decides(folder: Path) -> None:
    """A local disk mounted over a share, or over the very same place, is a local disk."""
    check_disk(folder / "gate.db", mounted(folder.parent, "nfs", f"tmpfs {folder.parent} tmpfs rw"))
    neighbour = mounted(folder.with_name("a share of others"), "nfs")
    check_disk(folder / "gate.db", neighbour)


def test_a_link_to_a_share_is_followed(folder: Path, tmp_path: Path) -> None:
    """Where the file really is counts, not what it is called."""
    link = tmp_path / "link.db"
    link.symlink_to(folder / "gate.db")
    with pytest.raises(ConfigError):
        check_disk(link, mounted(folder, "nfs"))


def test_a_system_that_tells_no_mounts_refuses_nothing(tmp_path: Path) -> None:
    """There the answer about the journal is all there is."""
    check_disk(tmp_path / "gate.db", tmp_path / "no-such-list")


def test_no_database_is_opened_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to the database goes through the check."""
    monkeypatch.setattr(disks, "MOUNTS", mounted(folder, "nfs4"))
    with pytest.raises(ConfigError, match="network file system"):
        Database(f"sqlite:///{folder}/gate.db")


def test_sqlite_answers_which_journal_it_keeps(tmp_path: Path) -> None:
    """It raises no error where it cannot keep the log, it only answers another mode."""
    answers = []
    for way in ("unix", "unix-dotfile"):
        with sqlite3.connect(f"file:{tmp_path}/{way}.db?vfs={way}", uri=True) as connection:
            answers += connection.execute("PRAGMA journal_mode=wal").fetchone()
        connection.close()
    assert answers == ["wal", "delete"]
    check_journal(answers[0], "gate.db")
    with pytest.raises(ConfigError, match="but `delete`"):
        check_journal(answers[1], "gate.db")
