"""A crowd of strangers against the real process: what it costs at GitHub and in the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.process.service_process import Process
from tests.support.harness import ENVIRONMENT, REPOSITORY

_LONG = "I accept the risk: " + "words " * 10_000
_STRANGERS = 20


def _used(folder: Path) -> int:
    """Measure how many bytes of the database hold something."""
    with closing(sqlite3.connect(f"file:{folder / 'gate.db'}?mode=ro", uri=True)) as database:
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def _unread(folder: Path) -> int:
    """Count the deliveries and commands that still wait to be looked at."""
    with closing(sqlite3.connect(f"file:{folder / 'gate.db'}?mode=ro", uri=True)) as database:
        (count,) = database.execute(
            "SELECT (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL)"
            " + (SELECT count(*) FROM commands WHERE due_at IS NOT NULL)"
            " + (SELECT count(*) FROM replies WHERE due_at IS NOT NULL)"
        ).fetchone()
    return int(count)


def test_a_thousand_comments_of_strangers(process: Process, tmp_path: Path) -> None:
    """They cost fewer than 50 calls and 1 MiB, and neither passes nor status reports."""
    # Each round of the sweeper makes calls of its own.
    process.environ["GATE_SWEEP_SECONDS"] = "3600"
    github = process.github
    github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    github.set_role(REPOSITORY, "carol", "write")
    process.start()
    github.validate(REPOSITORY, "failure")
    run_id = github.deploy(REPOSITORY).run_id
    number = github.open_issue(REPOSITORY, "Validation is red")
    process.wait(lambda: len(github.reviews(run_id)) == 1, "the comment on the hold")
    github.advance(2)

    def is_quiet() -> bool:
        return github.wait_until_delivered() and _unread(tmp_path) == 0

    process.wait(is_quiet, "the gate to come to rest")
    calls, used, reports = len(github.requests()), _used(tmp_path), len(github.reviews(run_id))
    written = [
        github.comment_on_issue(
            REPOSITORY, number, f"stranger-{each % _STRANGERS}", f"/override {run_id} {_LONG}"
        )
        for each in range(700)
    ]
    for each, said in enumerate(("/ack", "/help", "/decide rollback it leaks") * 50):
        github.comment_on_issue(REPOSITORY, number, f"stranger-{each % _STRANGERS}", said)
    for each, comment_id in enumerate(written[:150]):
        author = f"stranger-{each % _STRANGERS}"
        github.edit_comment(REPOSITORY, comment_id, f"/override {run_id} again", author)
    process.wait(is_quiet, "the comments to be read", 120)
    assert len(github.requests()) - calls < 50
    assert _used(tmp_path) - used < 2**20
    assert len(github.reviews(run_id)) == reports
    assert process.state(run_id) == "waiting"
    github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} {_LONG[:60]}")
    process.wait(lambda: process.state(run_id) == "approved", "the reviewer to be heard")
