"""Remember for some minutes who may do nothing in a repository, so that they cost nothing.

On a public repository anybody may write comments. Looking somebody up costs calls to GitHub, of
which an installation has so many an hour, and other people's deployments need them. So people whom
GitHub calls neither owner, member nor collaborator are looked up at a slow pace, and whoever turns
out to have no say is not looked up again for a while. All this is kept in memory: what is
forgotten is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from gate.domain.model.github import RepositoryAddress, RequiredReviewer
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId

REMEMBERED: Final = timedelta(minutes=5)
"""How long somebody without a say is not looked up again, even if they were given one meanwhile."""

MOST_LOOKED_UP: Final = 20
"""Strangers looked up for one installation in `REMEMBERED`: with a reaction to each of them, 480 of
the 5,000 calls that GitHub allows an hour."""

REVIEWERS_KEPT: Final = timedelta(minutes=1)

ReadReviewers = Callable[[RepositoryAddress, str], tuple[RequiredReviewer, ...]]


class Strangers:
    """Know the strangers of one process; thread-safe."""

    def __init__(self) -> None:
        """Begin knowing nobody."""
        self._lock = Lock()
        self._without_say: dict[tuple[RepositoryId, AccountId], datetime] = {}
        self._looked_up: dict[InstallationId, list[datetime]] = {}
        self._reviewers: dict[
            tuple[RepositoryId, str], tuple[datetime, tuple[RequiredReviewer, ...]]
        ] = {}

    def is_known(self, repository_id: RepositoryId, person_id: AccountId, now: datetime) -> bool:
        """Return whether somebody was found to have no say here, a short while ago."""
        with self._lock:
            known = self._without_say.get((repository_id, person_id))
        return known is not None and now - known < REMEMBERED

    def remember(self, repository_id: RepositoryId, person_id: AccountId, now: datetime) -> None:
        """Note that somebody has no say here."""
        with self._lock:
            self._without_say = {
                key: at for key, at in self._without_say.items() if now - at < REMEMBERED
            }
            self._without_say[repository_id, person_id] = now

    def next_look_up(self, installation_id: InstallationId, now: datetime) -> datetime:
        """Return when one more stranger may be looked up; when that is `now`, it counts as done."""
        with self._lock:
            recent = [
                it for it in self._looked_up.get(installation_id, ()) if now - it < REMEMBERED
            ]
            if len(recent) >= MOST_LOOKED_UP:
                return recent[0] + REMEMBERED
            self._looked_up[installation_id] = [*recent, now]
            return now

    def was_no_stranger(self, installation_id: InstallationId) -> None:
        """Note that whoever was looked up last has a say: only people without one are counted."""
        with self._lock:
            if self._looked_up.get(installation_id):
                self._looked_up[installation_id].pop()

    def required_reviewers(
        self, address: RepositoryAddress, environment: str, now: datetime, read: ReadReviewers
    ) -> tuple[RequiredReviewer, ...]:
        """Return who must review an environment, as GitHub said within the last minute.

        Good for finding out who has no say, not for letting anybody do something.
        """
        key = (address.repository_id, environment)
        with self._lock:
            known = self._reviewers.get(key)
        if known is not None and now - known[0] < REVIEWERS_KEPT:
            return known[1]
        found = read(address, environment)
        with self._lock:
            self._reviewers = {
                it: kept for it, kept in self._reviewers.items() if now - kept[0] < REVIEWERS_KEPT
            }
            self._reviewers[key] = (now, found)
        return found
