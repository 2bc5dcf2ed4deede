"""Answers that are given after the commit, without a thread that waits."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

from gate.store.engine.database import Database, Transaction
from gate.store.inbox.deliveries import Reception
from gate.web.door.bridge import Answer
from gate.web.door.deferred_answers import Answers


def answer_to(reception: Any, failure: BaseException | None) -> Answer:
    """Write in the body what came of it."""
    said = type(failure).__name__ if failure is not None else reception
    return Answer(200, [], json.dumps(said).encode())


def test_an_answer_waits_for_its_commit_and_the_loop_does_not(database: Database) -> None:
    """While the writer is at work nothing is answered, and the loop serves others."""
    working, release = threading.Event(), threading.Event()

    def work(_: Transaction) -> Reception:
        working.set()
        assert release.wait(30)
        return Reception.STORED

    async def main() -> bytes:
        answers = Answers(asyncio.get_running_loop())
        first = answers.owe(database, work, answer_to)
        second = answers.owe(database, lambda _: Reception.KNOWN, answer_to)
        assert await asyncio.to_thread(working.wait, 30)
        assert not first.done()
        assert not second.done()
        release.set()
        return b" ".join([(await first).body, (await second).body])

    assert asyncio.run(main()) == b'"stored" "known"'


def test_one_answer_that_cannot_be_made_harms_no_other(database: Database) -> None:
    """A bug in making one is its request's alone; one whose client is gone is passed over."""

    def broken(_result: Any, _failure: BaseException | None) -> Answer:
        raise LookupError

    async def main() -> list[object]:
        answers = Answers(asyncio.get_running_loop())
        gone = answers.owe(database, lambda _: Reception.STORED, answer_to)
        gone.cancel()
        owed = [
            answers.owe(database, lambda _: Reception.STORED, broken),
            answers.owe(database, lambda _: 1 // 0, answer_to),
            answers.owe(database, lambda _: Reception.STORED, answer_to),
        ]
        return list(await asyncio.gather(*owed, return_exceptions=True))

    failed, mistaken, given = asyncio.run(main())

    assert isinstance(failed, LookupError)
    assert isinstance(mistaken, Answer)
    assert isinstance(given, Answer)
    assert (mistaken.body, given.body) == (b'"ZeroDivisionError"', b'"stored"')


def test_a_loop_that_is_gone_does_not_end_the_writer(database: Database) -> None:
    """Nobody waits for the answer then, and the next work is written."""
    release = threading.Event()

    async def main() -> None:
        Answers(asyncio.get_running_loop()).owe(
            database, lambda _: release.wait(30), answer_to
        ).cancel()

    asyncio.run(main())
    release.set()

    assert database.transact(lambda _: "written") == "written"
