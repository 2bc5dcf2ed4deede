"""What a lost database costs: the record of the past, and no deployment that waits."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.process.database_steps import (
    command,
    hold,
    incidents,
    lose_database,
    segments,
    turn_green,
)
from tests.integration.process.service_process import Process
from tests.support.harness import REPOSITORY


def test_waiting_deployments_are_adopted_after_a_loss(process: Process, tmp_path: Path) -> None:
    """A new database finds them at GitHub, and its trail says that it begins anew."""
    process.start()
    process.github.validate(REPOSITORY, "failure")
    run_ids = [hold(process), hold(process)]
    process.stop()
    lose_database(tmp_path)
    process.start()
    for it in run_ids:
        process.wait(lambda it=it: process.state(it) == "waiting", "the hold again")  # type: ignore[misc]
    process.wait(lambda: incidents(process) == ["open"], "the incident to be opened again")
    turn_green(process, *run_ids)
    process.wait(lambda: incidents(process) == ["resolved"], "the end of the incident")
    assert segments(process) == [(1, "nothing_known")]
    assert command(process, "audit", "export").count("request.adopted") == 2


def test_a_backup_is_restored(process: Process, tmp_path: Path) -> None:
    """Made while the service writes, it goes on with what was held, and with what came since."""
    process.start()
    process.github.validate(REPOSITORY, "failure")
    held = hold(process)
    made = json.loads(command(process, "backup", f"{tmp_path}/saved.db", "--json"))
    assert [it["intact"] for it in made["chains"]] == [True]
    later = hold(process)
    process.stop()
    lose_database(tmp_path)
    Path(made["file"]).rename(tmp_path / "gate.db")
    process.start()
    process.skip_until(lambda: process.state(later) == "waiting", "what came after the backup")
    assert incidents(process) == ["open"]
    turn_green(process, held, later)
    process.wait(lambda: incidents(process) == ["resolved"], "the end of the incident")
    (first, second) = segments(process)
    assert (first, second[1]) == ((1, "nothing_known"), "backup_restored")
    with closing(sqlite3.connect(tmp_path / "gate.db")) as connection:
        query = "SELECT name FROM sqlite_master WHERE name = 'backup_mark'"
        assert connection.execute(query).fetchall() == []


def test_an_answer_after_the_backup_is_recognized(process: Process, tmp_path: Path) -> None:
    """The restored database believes that it owes one, and GitHub says that it was given."""
    process.start()
    process.github.validate(REPOSITORY, "failure")
    run_id = hold(process)
    command(process, "backup", f"{tmp_path}/saved.db")
    turn_green(process, run_id)
    process.stop()
    lose_database(tmp_path)
    (tmp_path / "saved.db").rename(tmp_path / "gate.db")
    process.start()

    def is_over() -> bool:
        process.advance(1)
        return process.state(run_id) not in {"waiting", "answering"}

    process.wait(is_over, "the end of the wait")
    assert process.answers(run_id) == ["approved"]
    # GitHub does not tell whose answer it was: an extra warning is better than one too few.
    assert command(process, "audit", "export").count("bypass.detected") == 1
