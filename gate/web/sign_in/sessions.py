"""Find the session of the present request, and ask GitHub again what its person may see.

GitHub's answer counts for five minutes. It is asked again a minute earlier, by one request alone;
the others go on with the answer before. Without an answer nothing is shown. Few requests wait at
once (`gate.web.sign_in.waits`); the others are told so at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from threading import Event
from typing import Final

from werkzeug.exceptions import ServiceUnavailable

from gate.clock import Clock
from gate.domain.access.session import (
    LOOK_AGAIN,
    MOST_SESSIONS,
    RENEW_BEFORE,
    Session,
    is_being_checked,
    is_newly_seen,
    knows_rights,
    must_look,
)
from gate.domain.model.access import Person
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.store.access import sessions
from gate.store.access.sealing import Sealer, Unreadable
from gate.store.engine.database import Database, Transaction
from gate.web.sign_in.cookies import Cookies
from gate.web.sign_in.github import GitHubUsers
from gate.web.sign_in.waits import MOST_OF_PERSON, Waits
from gate.web.viewers import Viewer

SECRET_BYTES: Final = 32
_PAUSE: Final = 0.1
_PAUSES: Final = 50

log = get_logger(__name__)


class UnknownRights(ServiceUnavailable):
    """GitHub does not say what the person may see, so nothing is shown."""

    description = (
        "GitHub does not answer, so the gate does not know which repositories you may see and"
        " shows none. Reload this page in a minute."
    )

    def __init__(self) -> None:
        """Ask the browser to come back when GitHub is asked again."""
        super().__init__(retry_after=int(LOOK_AGAIN.total_seconds()))


class TooManyWait(UnknownRights):
    """So many requests wait for GitHub that this one would take a thread from other work."""

    description = (
        "GitHub answers slowly, and too many requests wait for it already, so the gate does not"
        " know yet which repositories you may see. Reload this page in ten seconds."
    )


class Sessions:
    """The sessions of one gate."""

    def __init__(
        self,
        database: Database,
        github: GitHubUsers,
        sealer: Sealer,
        cookies: Cookies,
        clock: Clock,
    ) -> None:
        """Take what sessions are made of."""
        self._database = database
        self._github = github
        self._sealer = sealer
        self._cookies = cookies
        self._clock = clock
        self.waits: Final = Waits()
        self._pause = Event()

    def signed_in(self) -> Viewer | None:
        """Return who sends the present request; raises UnknownRights when GitHub cannot tell."""
        session = self.find()
        return None if session is None else Viewer(session.login, session.visible)

    def find(self) -> Session | None:
        """Return the session of the present request, with rights that count now.

        Nothing is remembered between two calls: an answer may take longer than a right lasts.
        """
        secret = self._cookies.read_session()
        return None if secret is None else self._checked(secret)

    def recognize(self) -> Session | None:
        """Return the session of the present request, whatever its rights are worth by now."""
        secret = self._cookies.read_session()
        return None if secret is None else self._read(secret)

    def begin(self, tokens: str, person: Person) -> str:
        """Begin a session in place of the browser's former one, and return its new secret.

        A person's oldest session ends where they have too many.
        """
        secret, former = secrets.token_urlsafe(SECRET_BYTES), self._cookies.read_session()
        now, sealed = self._clock(), self._sealer.seal(tokens)
        account = person.account

        def work(tx: Transaction) -> tuple[int, list[bytes]]:
            ended = sessions.end_session_of_secret(tx, former) if former is not None else []
            ended += sessions.end_oldest_sessions(tx, account.id, MOST_SESSIONS - 1)
            session_id = sessions.create_session(
                tx,
                secret,
                account_id=account.id,
                login=account.login,
                visible=person.visible,
                tokens=sealed,
                now=now,
            )
            return session_id, ended

        session_id, ended = self._database.transact(work)
        self._revoke(ended)
        log.info("session.began", session_id=session_id, login=account.login)
        return secret

    def end(self) -> None:
        """End the session of the present request."""
        secret = self._cookies.read_session()
        if secret is None:
            return
        ended = self._database.transact(lambda tx: sessions.end_session_of_secret(tx, secret))
        if ended:
            log.info("session.ended", reason="signed_out")
        self._revoke(ended)

    def end_everywhere(self, session: Session) -> None:
        """End every session of a session's person."""
        account_id = session.account_id
        ended = self._database.transact(lambda tx: sessions.end_sessions_of(tx, account_id))
        log.info("session.ended", login=session.login, reason="signed_out", count=len(ended))
        self._revoke(ended)

    def _revoke(self, ended: Iterable[bytes]) -> None:
        """Revoke GitHub's tokens of sessions whose rows are gone; nothing waits for it."""
        for sealed in ended:
            try:
                self._github.revoke_later(self._sealer.open(sealed))
            except Unreadable:
                log.warning("user_token.kept", reason="key_gone")

    def _checked(self, secret: str) -> Session | None:
        """Find a session, and bring its rights up to date where that is due."""
        session = self._read(secret)
        if session is None:
            return None
        now = self._clock()
        if is_newly_seen(session, now):
            session_id = session.id
            # A use that cannot be noted is not worth refusing a page for.
            with suppress(RetryLater, OutcomeUnknown):
                self._database.transact(lambda tx: sessions.record_use(tx, session_id, now))
        if knows_rights(session, now) and not must_look(session, now):
            return session
        with self.waits.hold(session.account_id, MOST_OF_PERSON) as has_room:
            if has_room:
                return self._asked(secret, session)
        if knows_rights(session, now):
            return session
        raise TooManyWait

    def _asked(self, secret: str, session: Session) -> Session | None:
        """Ask GitHub, or wait for who asks."""
        if must_look(session, self._clock()):
            self._look(session)
            return self._awaited(secret, self._read(secret))
        return self._awaited(secret, session)

    def _awaited(self, secret: str, session: Session | None) -> Session | None:
        """Wait until another request has asked GitHub, where the answer before no longer counts."""
        for _ in range(_PAUSES):
            if session is None or knows_rights(session, self._clock()):
                return session
            if not is_being_checked(session, self._clock()):
                break
            self._pause.wait(_PAUSE)
            session = self._read(secret)
        raise UnknownRights

    def _read(self, secret: str) -> Session | None:
        now = self._clock()
        return self._database.read(lambda snapshot: sessions.find_session(snapshot, secret, now))

    def _look(self, session: Session) -> None:
        """Ask GitHub on behalf of a session, unless another request does."""
        now = self._clock()
        if not self._database.transact(lambda tx: sessions.claim_look(tx, session, now)):
            return
        try:
            person = self._ask(session)
        except Refused as error:
            ended = self._database.transact(lambda tx: sessions.end_session(tx, session.id))
            log.info(
                "session.ended", session_id=session.id, login=session.login, reason=error.reason
            )
            self._revoke(ended)
        except (RetryLater, OutcomeUnknown, Unreadable) as error:
            # Another node may have the key, while a new one is being rolled out.
            reason = "key_gone" if isinstance(error, Unreadable) else error.reason
            again = self._clock()
            self._database.transact(lambda tx: sessions.record_failed_look(tx, session.id, again))
            log.warning("session.unchecked", session_id=session.id, reason=reason)
        else:
            self._database.transact(
                lambda tx: sessions.record_look(
                    tx,
                    session.id,
                    login=person.account.login,
                    visible=person.visible,
                    asked_at=now,
                )
            )

    def _ask(self, session: Session) -> Person:
        """Ask GitHub what a person may see; new tokens are stored before they are used."""
        sealed = self._database.read(lambda snapshot: sessions.read_tokens(snapshot, session.id))
        if sealed is None:
            raise Refused("sign_in_refused", "the session was ended")
        tokens = self._sealer.open(sealed)
        renewed = self._github.renewed(tokens, RENEW_BEFORE)
        if renewed is not None:
            kept = self._sealer.seal(renewed)
            if not self._database.transact(lambda tx: sessions.save_tokens(tx, session.id, kept)):
                self._github.revoke_later(renewed)
                raise Refused("sign_in_refused", "the session was ended")
        return self._github.read(renewed if renewed is not None else tokens)
