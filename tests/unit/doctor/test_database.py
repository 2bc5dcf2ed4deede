"""What `gate doctor` says of how the database is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gate.clock import utc_now
from gate.doctor.database import find_database
from gate.doctor.findings import Finding, Level, guarded
from gate.store.engine import disks
from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from tests.support.alert_settings import settings_with


def findings(file: Path) -> list[Finding]:
    """Have the doctor look at a file of SQLite."""
    settings = settings_with(DATABASE_URL=f"sqlite:///{file}")
    return list(guarded("database", lambda: find_database(settings, utc_now)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Provide a migrated database."""
    made = tmp_path / "gate.db"
    database = Database(f"sqlite:///{made}")
    migrate(database)
    database.close()
    return made


def test_the_journal_is_looked_at(file: Path) -> None:
    """The gate keeps a write-ahead log; what another tool left is told, and stays as it is."""
    assert Finding(Level.OK, "journal", "write-ahead log") in findings(file)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=delete")
    connection.close()
    for _ in range(2):
        (found,) = [it for it in findings(file) if it.what == "journal"]
        assert (found.level, found.found) == (Level.WARN, "`delete`, not `wal`")


def test_a_folder_that_is_not_there_is_found(tmp_path: Path) -> None:
    """A gate that cannot make its file is not well, although there is none to look at yet."""
    (found,) = findings(tmp_path / "no" / "gate.db")
    assert (found.level, f"there is no folder {tmp_path}/no" in found.found) == (Level.FAIL, True)
    (absent,) = findings(tmp_path / "gate.db")
    assert (absent.level, list(tmp_path.iterdir())) == (Level.OK, [])


def test_a_network_file_system_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor says in one line what the service would refuse to start on."""
    mounts = file.with_name("mounts")
    mounts.write_text(f"server:/share {file.parent} nfs4 rw 0 0\n")
    monkeypatch.setattr(disks, "MOUNTS", mounts)
    (found,) = findings(file)
    assert (found.level, "network file system (nfs4" in found.found) == (Level.FAIL, True)
