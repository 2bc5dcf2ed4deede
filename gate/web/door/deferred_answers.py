"""Send answers when what they rest on is durable, without a thread that waits for it.

What a request stores is queued from the event loop's thread. The thread that writes then wakes the
loop, once for all answers of a commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from gate.store.engine.database import Database, Transaction
from gate.web.door.bridge import Answer

T = TypeVar("T")


class Answers:
    """The answers that requests of one event loop are still owed; used in the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve one event loop."""
        self._loop = loop

    def owe(
        self,
        database: Database,
        work: Callable[[Transaction], T],
        finish: Callable[[T | None, BaseException | None], Answer],
    ) -> asyncio.Future[Answer]:
        """Queue `work`; `finish` makes the answer once it is durable, or from its error.

        It is called in the loop's thread, even if the client is gone; what it
        raises, the future raises. Raises RetryLater when nothing can be queued.
        """
        owed: asyncio.Future[Answer] = self._loop.create_future()

        def settle(result: T | None, failure: BaseException | None) -> None:
            try:
                answer = finish(result, failure)
            except Exception as error:  # noqa: BLE001  # the others of this commit want their answers
                if not owed.done():
                    owed.set_exception(error)
                return
            if not owed.done():
                owed.set_result(answer)

        database.submit(work, settle, self._hand_over)
        return owed

    def _hand_over(self, calls: list[Callable[[], None]]) -> None:
        # No client of a closed loop waits for an answer.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_make_all, calls)


def _make_all(calls: list[Callable[[], None]]) -> None:
    for call in calls:
        call()
