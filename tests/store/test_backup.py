"""A backup of a SQLite file is one whole state of it, or there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, insert, select

from gate.cli import gate as command
from gate.domain.audit.verify import Intact
from gate.errors import ConfigError, GateError
from gate.store.audit.entries import record_audit
from gate.store.backup import back_up
from gate.store.engine.database import Database
from gate.store.engine.tables.github import policy_texts
from tests.support.builders.defaults import NOW
from tests.support.chains import make_entry
from tests.support.sqlite import lay_out_schema

LARGE = 40
KILOBYTES_200 = 200 * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Provide the path of a database of 8 MB with a short trail."""
    lay_out_schema(f"sqlite:///{tmp_path}/gate.db")
    return tmp_path / "gate.db"


@pytest.fixture
def service(file: Path) -> Iterator[Database]:
    """Provide the database as a running service has it open."""
    database = Database(f"sqlite:///{file}", exclusive=True)
    database.transact(lambda tx: record_audit(tx, make_entry()))
    for number in range(LARGE):
        write(database, f"large-{number}", b"x" * KILOBYTES_200)
    yield database
    database.close()


def write(database: Database, digest: str, content: bytes) -> None:
    """Store one more row."""
    row = insert(policy_texts).values(digest=digest, text=content)
    database.transact(lambda tx: tx.execute(row).close())


def run(target: str, url: str) -> Result:
    """Run `gate backup`."""
    return CliRunner(env={"GATE_DATABASE_URL": url}).invoke(command, ["backup", target])


def texts_in(file: Path) -> int:
    """Count the rows of a backup."""
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM policy_texts").fetchone()
        return int(count)


def test_a_backup_is_one_state_whatever_is_written_meanwhile(
    service: Database, file: Path, tmp_path: Path
) -> None:
    """The writer does not wait, and the backup does not begin again."""
    reports: list[tuple[int, int]] = []

    def write_meanwhile(copied: int, total: int) -> None:
        write(service, f"meanwhile-{len(reports)}", b"y" * KILOBYTES_200)
        reports.append((copied, total))

    made = back_up(file, tmp_path / "saved.db", NOW, lambda _: None, write_meanwhile)
    assert len(reports) > 2
    assert [copied for copied, _ in reports] == sorted({copied for copied, _ in reports})
    assert texts_in(made.file) == LARGE
    written = service.read(lambda it: it.scalar(select(func.count()).select_from(policy_texts)))
    assert written == LARGE + len(reports)
    assert [isinstance(it, Intact) for it in made.chains] == [True]
    assert {it.name for it in tmp_path.glob("saved.db*")} == {"saved.db"}
    assert made.file.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_named_after_its_time(service: Database, file: Path, tmp_path: Path) -> None:
    """In a folder; two of them do not replace one another."""
    folder = tmp_path / "backups"
    folder.mkdir()
    result = run(str(folder), f"sqlite:///{file}")
    assert result.exit_code == 0, result.output
    assert "its integrity was checked" in result.output
    assert "ok: installation 77: entries 1 to 2" in result.output
    (made,) = folder.iterdir()
    assert result.output.count(str(made)) == 1
    again = run(str(made), f"sqlite:///{file}")
    assert again.exit_code == 2
    assert "exists; give another name" in again.output


def test_a_damaged_file_makes_no_backup(service: Database, file: Path, tmp_path: Path) -> None:
    """What cannot be restored has not the name of a backup."""
    service.close()
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        stream.write(b"\xff" * 200_000)
    with pytest.raises(GateError, match="backup_failed"):
        back_up(file, tmp_path / "saved.db", NOW, lambda _: None, lambda _, __: None)
    assert list(tmp_path.glob("saved.db*")) == []


def test_a_place_that_cannot_be_written_is_named(
    service: Database, file: Path, tmp_path: Path
) -> None:
    """With the reason."""
    result = run(str(tmp_path / "none" / "saved.db"), f"sqlite:///{file}")
    assert result.exit_code == 1
    assert f"{tmp_path}/none/saved.db: No such file or directory" in result.output


def test_a_database_that_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    """It is not made either."""
    result = run(str(tmp_path), f"sqlite:///{tmp_path}/none.db")
    assert isinstance(result.exception, ConfigError)
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_tools() -> None:
    """The command says which, without the password."""
    result = run("saved", "postgresql+psycopg://gate:secret@db.example.com/gate")
    assert result.exit_code == 2
    assert "pg_dump --format=custom --file=gate.dump 'postgresql://gate@db.example.com/gate'" in (
        result.output
    )
    assert "secret" not in result.output
