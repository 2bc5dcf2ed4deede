"""What `gate database copy` leaves behind: an exact copy, or one that can be continued."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine, text

from gate.bootstrap.database import open_database
from gate.errors import ConfigError
from gate.settings import Settings
from gate.store.copy.transfer import opened_transfer
from tests.integration.copy.conftest import ENTRIES, Run, add_requests
from tests.support.harness import wait_for
from tests.support.keys import make_key_pair
from tests.support.sqlite import lay_out_schema

MANY: Final = 30_000


def execute(url: str, *statements: str) -> list[Any]:
    """Run statements on a database, and give the rows of the last one."""
    rows: list[Any] = []
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for it in statements:
            result = connection.execute(text(it))
            rows = list(result) if result.returns_rows else []
    return rows


def start(source: str, target: str, **given: Any) -> subprocess.Popen[str]:
    """Start the command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "gate", "database", "copy", "--to", target],
        env=os.environ | {"GATE_DATABASE_URL": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **given,
    )


def copied_so_far(url: str) -> int:
    """Count the rows that an unfinished copy says it has copied."""
    try:
        ((number,),) = execute(url, "SELECT sum(copied) FROM unfinished_copy")
    except Exception:  # noqa: BLE001 - the tables are being made
        return 0
    return int(number or 0)


def test_a_copy_is_compared_and_its_trail_checked(copy: Run, target_url: str) -> None:
    """The document has what an operator keeps."""
    result = copy(target_url, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["exact"]
    rows = {it["table"]: it["copied_rows"] for it in found["tables"] if it["rows"]}
    assert rows == {"audit_entries": ENTRIES, "audit_heads": 1}
    assert [it["intact"] for it in found["chains"]] == [True]
    check_usable(target_url)


def test_a_finished_copy_is_recognized(copy: Run, source_url: str, target_url: str) -> None:
    """The command says that there is nothing to do, until something happens at either end."""
    assert copy(target_url).exit_code == 0
    for options in ((), ("--dry-run",)):
        again = copy(target_url, *options)
        assert again.exit_code == 0
        assert again.stdout.startswith(f"already copied from {source_url} to postgresql://")
        assert again.stdout.endswith("; nothing to do\n")
    plan = json.loads(copy(target_url, "--json").stdout)
    assert plan["done"]
    assert all(it["copied"] == it["rows"] for it in plan["tables"])
    add_requests(source_url, 1)
    changed = copy(target_url)
    assert isinstance(changed.exception, ConfigError)
    assert "the database has rows already" in changed.exception.problems[0]


def test_numbers_are_not_used_again(copy: Run, source_url: str, target_url: str) -> None:
    """The next entry gets the next number, and so does the next session after one that is gone."""
    session = "INSERT INTO sessions VALUES (:id, 'h', 1, 'a', 1, 1, 1, 1, '[]', '')"
    execute(source_url, session.replace(":id", "41"), "DELETE FROM sessions")
    assert copy(target_url).exit_code == 0
    ((entry,),) = execute(target_url, "SELECT nextval('audit_entries_id_seq')")
    ((number,),) = execute(target_url, "SELECT nextval('sessions_id_seq')")
    assert (entry, number) == (ENTRIES + 1, 42)


def test_numbers_are_not_used_again_on_the_way_back(
    copy: Run, target_url: str, tmp_path: Path
) -> None:
    """What PostgreSQL has counted, SQLite counts on from."""
    assert copy(target_url).exit_code == 0
    execute(target_url, "SELECT setval('sessions_id_seq', 41)")
    back = f"sqlite:///{tmp_path}/back.db"
    assert copy(back, source=target_url).exit_code == 0
    session = "INSERT INTO sessions VALUES (NULL, 'h', 1, 'a', 1, 1, 1, 1, '[]', '') RETURNING id"
    assert execute(back, session) == [(42,)]


def test_a_killed_copy_continues(copy: Run, source_url: str, target_url: str) -> None:
    """Until then no service starts on it; afterwards it is exact."""
    add_requests(source_url, MANY)
    process = start(source_url, target_url)
    wait_for(lambda: copied_so_far(target_url) > 0, "the first rows")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 0 < copied_so_far(target_url) < MANY
    with pytest.raises(ConfigError, match="is not finished; repeat `gate database copy`"):
        check_usable(target_url)
    plan = copy(target_url, "--dry-run", "--json")
    tables = {it["table"]: it["copied"] for it in json.loads(plan.stdout)["tables"]}
    assert sum(tables.values()) == copied_so_far(target_url)
    result = copy(target_url)
    assert result.exit_code == 0, result.output
    assert f"copied {MANY + ENTRIES + 1} rows exactly" in result.output
    check_usable(target_url)


def test_a_full_disk_stops_a_copy_for_a_while(copy: Run, source_url: str, tmp_path: Path) -> None:
    """It says so, and continues when there is room."""
    add_requests(source_url, 20_000, padding=200)
    target = f"sqlite:///{tmp_path}/new.db"
    limit = 4_000_000
    process = start(
        source_url,
        target,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "table gate_requests, after" in errors
    assert errors.endswith("repeat the command to continue where it stopped\n")
    assert copied_so_far(target) > 0
    assert copy(target).exit_code == 0


@pytest.mark.parametrize(
    "planted", ["UPDATE {t} SET head_sha = 'x' WHERE id = 2", "DELETE FROM {t} WHERE id = 2"]
)
def test_a_difference_is_found(source_url: str, tmp_path: Path, planted: str) -> None:
    """One value or one row among those of a table."""
    target = f"sqlite:///{tmp_path}/new.db"
    add_requests(source_url, 3)
    with opened_transfer(source_url, target) as ends:
        ends.copy(lambda table, rows: None)
        with sqlite3.connect(tmp_path / "new.db") as connection:
            connection.execute(planted.format(t="gate_requests"))
        connection.close()
        compared = ends.compare(lambda table, rows: None)
    assert [it.table for it in compared if not it.is_same] == ["gate_requests"]


def test_a_copy_that_differs_is_not_used(copy: Run, source_url: str, tmp_path: Path) -> None:
    """What was written to the source between two tries is missing in what the first one copied."""
    target = f"sqlite:///{tmp_path}/new.db"
    add_requests(source_url, 3)
    with opened_transfer(source_url, target) as ends:
        ends.copy(lambda table, rows: None)
    execute(source_url, "UPDATE gate_requests SET state = 'open' WHERE id = 2")
    result = copy(target)
    assert result.exit_code == 1
    assert "The copy differs in gate_requests, and no service will start on it." in result.output
    with pytest.raises(ConfigError, match="is not finished"):
        check_usable(target)


def test_a_copy_continues_from_the_same_source_only(
    copy: Run, source_url: str, tmp_path: Path
) -> None:
    """Another one, or one whose trail has grown since, is refused."""
    target, other = f"sqlite:///{tmp_path}/new.db", f"sqlite:///{tmp_path}/other.db"
    lay_out_schema(other)
    with opened_transfer(source_url, target):
        pass
    with opened_transfer(source_url, target) as ends:
        ends.copy(lambda table, rows: None)
    refused = copy(target, source=other).exception
    assert isinstance(refused, ConfigError)
    assert f"an unfinished copy from {source_url} is in it" in refused.problems[0]
    execute(source_url, "UPDATE audit_heads SET sequence = sequence + 1")
    refused = copy(target).exception
    assert isinstance(refused, ConfigError)
    assert "has changed since the copy into it began" in refused.problems[0]


def test_a_row_that_the_other_database_cannot_store_is_found(
    copy: Run, source_url: str, target_url: str
) -> None:
    """PostgreSQL has no NUL in text."""
    add_requests(source_url, 3)
    execute(source_url, "UPDATE gate_requests SET environment = char(97, 0, 98) WHERE id = 2")
    result = copy(target_url)
    assert result.exit_code == 1
    assert "table gate_requests, after 0 rows" in result.output
    assert "the row is between (1,) and (3,)" in result.output


def test_a_broken_trail_is_copied_and_named(copy: Run, source_url: str, target_url: str) -> None:
    """It is broken in both databases, and the copy may be used."""
    execute(source_url, "DROP TRIGGER audit_entries_update", "UPDATE audit_entries SET actor = 'x'")
    result = copy(target_url)
    assert result.exit_code == 1
    assert "broken: installation 77, entry 1: edited" in result.output
    assert "The audit trail is broken in both databases." in result.output
    check_usable(target_url)


def check_usable(url: str) -> None:
    """Open the database as a service does when it starts."""
    settings = Settings(
        github_app_id="1",
        github_private_key=SecretStr(make_key_pair()[0]),
        github_webhook_secret=(SecretStr("a secret of the tests"),),
        database_url=SecretStr(url),
    )
    open_database(settings).close()
