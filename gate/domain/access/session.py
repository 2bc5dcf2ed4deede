"""Decide how long a session lasts, and how long GitHub's answer about a person's rights counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.access import Visible

LIFETIME: Final = timedelta(hours=12)
"""How long a session lasts at most, however much it is used."""

IDLE: Final = timedelta(hours=2)
"""How long a session lasts that nobody uses."""

RIGHTS_COUNT: Final = timedelta(minutes=5)
"""How long GitHub's answer counts: a right that was taken away is lost within this time."""

LOOK_AFTER: Final = timedelta(minutes=4)
"""When GitHub is asked again, so that readers seldom wait for the answer."""

LOOK_LASTS: Final = timedelta(seconds=60)
"""How long nobody else asks while one request does: GitHub renews a token only once."""

LOOK_AGAIN: Final = timedelta(seconds=10)
"""When GitHub is asked again after it did not answer."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a session is recorded."""

MOST_SESSIONS: Final = 20
"""Sessions of one person at once; the oldest ends when one more begins."""

SIGN_IN_LASTS: Final = timedelta(minutes=10)
"""How long a sign-in may take, from the gate to GitHub and back."""

RENEW_BEFORE: Final = timedelta(minutes=10)
"""How long before its end a token of GitHub's is renewed: longer than an answer counts."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's sign-in.

    `visible` is what GitHub answered at `checked_at`; from `look_at` on it is asked again.
    """

    id: int
    account_id: int
    login: str
    created_at: datetime
    seen_at: datetime
    checked_at: datetime
    look_at: datetime
    visible: Visible


def ends_at(session: Session) -> datetime:
    """Return when a session ends if nobody uses it any more."""
    return min(session.created_at + LIFETIME, session.seen_at + IDLE)


def is_over(session: Session, now: datetime) -> bool:
    """Return whether a session has ended."""
    return now >= ends_at(session)


def knows_rights(session: Session, now: datetime) -> bool:
    """Return whether GitHub's last answer still counts."""
    return now < session.checked_at + RIGHTS_COUNT


def must_look(session: Session, now: datetime) -> bool:
    """Return whether GitHub has to be asked again, and nobody is doing it."""
    return now >= session.look_at


def is_being_checked(session: Session, now: datetime) -> bool:
    """Return whether a request is asking GitHub at this moment."""
    return session.look_at > now + LOOK_AGAIN


def is_newly_seen(session: Session, now: datetime) -> bool:
    """Return whether this use of a session is worth a record."""
    return now >= session.seen_at + SEEN_EVERY
