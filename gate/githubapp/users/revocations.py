"""Revoke the tokens of sessions that ended, without anybody who waits for it."""

from __future__ import annotations

from functools import partial
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Final

from gate.errors import GateError, Refused, reason_of
from gate.githubapp.users.authorization import UserAuthorization
from gate.githubapp.users.tokens import UserTokens
from gate.log import get_logger
from gate.shield import Shield

MOST_QUEUED: Final = 1_000
"""Tokens that wait to be revoked; what comes after them expires by itself."""

_JOIN_SECONDS: Final = 10.0

log = get_logger(__name__)


class Revocations:
    """Tokens to revoke, one after the other in a thread of its own; each is tried once.

    A token that is not revoked expires by itself, within eight hours, and nobody has it any more.
    """

    def __init__(self, authorization: UserAuthorization) -> None:
        """Prepare; the thread is started with the first token."""
        self._authorization = authorization
        self._queue: Queue[UserTokens | None] = Queue(MOST_QUEUED)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False

    def add(self, tokens: UserTokens) -> None:
        """Revoke soon; returns at once and raises nothing."""
        with self._lock:
            if self._closed:
                _log_kept("stopped")
                return
            if self._thread is None:
                self._thread = Thread(target=self._work, name="revocations", daemon=True)
                self._thread.start()
            try:
                self._queue.put_nowait(tokens)
            except Full:
                _log_kept("too_many")

    def close(self) -> None:
        """Abandon what waits, and end the thread with its present call."""
        with self._lock:
            self._closed = True
        if self._thread is None:
            return
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                break
            _log_kept("stopped")
        self._queue.put(None)
        self._thread.join(_JOIN_SECONDS)

    def _work(self) -> None:
        shield = Shield(Event())
        while (tokens := self._queue.get()) is not None:
            shield.run(partial(self._revoke, tokens), lambda error: _log_kept(reason_of(error)))

    def _revoke(self, tokens: UserTokens) -> None:
        try:
            self._authorization.revoke(tokens)
        except Refused as error:
            # Most often it was worth nothing before: the person revoked it, or it expired.
            log.info("user_token.kept", reason=error.reason, detail=error.detail)
        except GateError as error:
            _log_kept(error.reason, error.detail)
        else:
            log.info("user_token.revoked")


def _log_kept(reason: str, detail: str = "") -> None:
    log.warning("user_token.kept", reason=reason, detail=detail)
