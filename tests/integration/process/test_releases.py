"""The real process on a schema of another release; today's code stands for the older one.

See docs/adr/0026 for why the previous release is not started from its tag.
"""

from __future__ import annotations

from pathlib import Path

import requests
from alembic import command

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.migrations.revisions import OURS, Revisions
from tests.integration.process.service_process import Process, prepared
from tests.support.forked import run_gate
from tests.support.harness import REPOSITORY
from tests.support.planted_migrations import next_release, release_after_next
from tests.support.postgres import postgres_server


def upgraded(url: str, revisions: Revisions) -> None:
    """Migrate as another release would, while nodes run."""
    database = Database(url)
    migrate(database, revisions=revisions)
    database.close()


def held(process: Process) -> int:
    """Let a deployment be held behind a red validation."""
    process.github.validate(REPOSITORY, "failure")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.state(run_id) == "waiting", "the hold")
    process.advance(2)
    return run_id


def released(process: Process, run_id: int) -> None:
    """Let the validation succeed, and see the deployment answered once."""
    process.github.validate(REPOSITORY, "success")
    process.wait(lambda: process.state(run_id) == "approved", "the answer")
    assert process.answers(run_id) == ["approved"]


def test_the_previous_release_works_on_the_new_schema(tmp_path: Path) -> None:
    """While it runs, and after kill -9; once what it uses is taken away, it does not start."""
    with (
        postgres_server() as server,
        server.migrated_database() as url,
        prepared(tmp_path, url) as node,
    ):
        node.start()
        run_id = held(node)
        upgraded(url, next_release(tmp_path / "next"))
        released(node, run_id)
        node.stop()
        node.start()
        released(node, held(node))
        assert run_gate("migrate", environ=node.environ).returncode == 0
        assert requests.get(f"{node.url}/readyz", timeout=5).status_code == 200
        upgraded(url, release_after_next(tmp_path / "after"))
        assert requests.get(f"{node.url}/readyz", timeout=5).status_code == 503
        node.stop()
        refused = run_gate("worker", environ=node.environ)
        assert (refused.returncode, "no longer serves this release" in refused.stderr) == (78, True)


def test_rows_of_the_previous_schema_work_on(process: Process, tmp_path: Path) -> None:
    """A hold from before the upgrade is answered after it, and the record is still one chain."""
    process.start()
    run_id = held(process)
    process.stop()
    database = Database(process.environ["GATE_DATABASE_URL"])
    with database.engine.begin() as connection:
        config = OURS.config()
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    database.close()
    process.start()
    released(process, run_id)
    for arguments in (("audit", "verify"), ("replay", "--all")):
        done = run_gate(*arguments, environ=process.environ)
        assert done.returncode == 0, done.stdout + done.stderr
