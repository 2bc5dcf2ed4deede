"""Lead a browser to GitHub and back; what comes back must belong to what it began."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gate.clock import Clock
from gate.domain.access.destination import local_path
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.store.access.sealing import Sealer, Unreadable
from gate.store.access.sign_ins import SignIn, begin_sign_in, take_sign_in
from gate.store.engine.database import Database
from gate.web.sign_in.cookies import Cookies
from gate.web.sign_in.forms import Forms
from gate.web.sign_in.github import GitHubUsers
from gate.web.sign_in.sessions import SECRET_BYTES, Sessions
from gate.web.sign_in.waits import MOST_SIGN_INS

log = get_logger(__name__)

_FOREIGN: Final = (
    "The answer from GitHub does not belong to a sign-in that this browser began in the last ten"
    " minutes, or it was used already."
)
_DENIED: Final = "GitHub did not authorize the sign-in."
_NOT_TAKEN: Final = "GitHub did not accept the sign-in."
_NO_ANSWER: Final = "GitHub did not answer."
_TOO_SLOW: Final = (
    "GitHub answers slowly, and too many sign-ins wait for it already. Reload this page in ten"
    " seconds."
)
_MISCONFIGURED: Final = (
    "GitHub does not accept the client ID, client secret or callback URL of the gate. An operator"
    " of the gate has to correct them; the log has the reason."
)
_LONGEST: Final = 512
_SIGN_INS: Final = "sign-ins"


class SignInFailed(Exception):
    """The sign-in is over; `words` are for the person, `is_ours` where the gate is at fault."""

    def __init__(self, reason: str, words: str, *, is_ours: bool = False) -> None:
        """Take what the page shows."""
        self.reason: Final = reason
        self.words: Final = words
        self.is_ours: Final = is_ours
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SignIns:
    """What signing in works with."""

    database: Database
    github: GitHubUsers
    sealer: Sealer
    cookies: Cookies
    sessions: Sessions
    forms: Forms
    clock: Clock

    def begin(self, wanted: str | None) -> tuple[str, str]:
        """Begin a sign-in; return GitHub's address, and the secret of the browser's cookie.

        A browser keeps its secret, so that it may sign in from several tabs at once.
        """
        state, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(2))
        browser = self.cookies.read_browser() or secrets.token_urlsafe(SECRET_BYTES)
        sign_in = SignIn(self.sealer.seal(verifier), local_path(wanted))
        now = self.clock()
        self.database.transact(lambda tx: begin_sign_in(tx, state, browser, sign_in, now))
        return self.github.address(state, verifier), browser

    def finish(self, answer: Mapping[str, str]) -> tuple[str, str]:
        """Take GitHub's answer; return where to go, and the secret of the new session.

        Raises SignInFailed. Where too many wait for GitHub already, nothing is used up, and the
        same answer may be sent again.
        """
        with self.sessions.waits.hold(_SIGN_INS, MOST_SIGN_INS) as has_room:
            if not has_room:
                raise _failed("too_many_wait", _TOO_SLOW, is_ours=True)
            return self._finish(answer)

    def _finish(self, answer: Mapping[str, str]) -> tuple[str, str]:
        sign_in = self._take(answer.get("state", ""))
        code = answer.get("code", "")
        if not code or len(code) > _LONGEST:
            raise _failed("denied", _DENIED)
        try:
            tokens = self.github.exchange(code, self.sealer.open(sign_in.verifier))
            secret = self._begin_session(tokens)
        except (Refused, Unreadable):
            raise _failed("not_accepted", _NOT_TAKEN) from None
        except (RetryLater, OutcomeUnknown) as error:
            is_misconfigured = error.reason == "sign_in_misconfigured"
            words = _MISCONFIGURED if is_misconfigured else _NO_ANSWER
            raise _failed(error.reason, words, is_ours=True, detail=error.detail) from None
        return sign_in.destination, secret

    def _begin_session(self, tokens: str) -> str:
        """Begin a session with tokens; without one they are revoked."""
        try:
            return self.sessions.begin(tokens, self.github.read(tokens))
        except Exception:
            self.github.revoke_later(tokens)
            raise

    def _take(self, state: str) -> SignIn:
        browser, now = self.cookies.read_browser(), self.clock()
        if browser is None or not state or len(state) > _LONGEST:
            raise _failed("foreign_state", _FOREIGN)
        taken = self.database.transact(lambda tx: take_sign_in(tx, state, browser, now))
        if taken is None:
            raise _failed("foreign_state", _FOREIGN)
        return taken


def _failed(reason: str, words: str, *, is_ours: bool = False, detail: str = "") -> SignInFailed:
    write = log.warning if is_ours else log.info
    write("sign_in.refused", reason=reason, detail=detail)
    return SignInFailed(reason, words, is_ours=is_ours)
