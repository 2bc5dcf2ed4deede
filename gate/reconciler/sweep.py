"""Find, from time to time, what webhooks did not tell.

Each round asks again for webhooks that GitHub could not deliver, and looks at the repositories that
are due; now and then it lists the installations, signs the trail and deletes what is too old. A
part that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from gate.domain.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.github import Installation
from gate.domain.ids import InstallationId, RepositoryId
from gate.errors import GateError, RetryLater
from gate.log import get_logger
from gate.reconciler.adoption import Adopter
from gate.reconciler.checkpoints import sign_chains
from gate.reconciler.deps import Deps
from gate.reconciler.redelivery import Redeliverer
from gate.store import repositories, retention
from gate.store.database import Transaction
from gate.store.turns import take_turn

WITH_UNDECIDED_EVERY: Final = timedelta(minutes=1)
OTHERS_EVERY: Final = timedelta(minutes=15)
INSTALLATIONS_EVERY: Final = timedelta(hours=1)
RETENTION_EVERY: Final = timedelta(hours=6)

_REPOSITORIES: Final = 200
_PAUSED: Final = "rate_limited"

log = get_logger(__name__)


class Sweeper:
    """Sweep, remembering when each part was last done; used by one thread."""

    def __init__(self, deps: Deps) -> None:
        """Begin with everything due."""
        self._deps = deps
        self._redeliverer = Redeliverer(deps)
        self._adopter = Adopter(deps)
        self._done_at: dict[str, datetime] = {}

    def sweep(self) -> None:
        """Do one round; what fails is logged and tried in the next."""
        started = perf_counter()
        every = timedelta(0)
        counts = {
            "redelivered": self._part("redelivered", every, self._redeliverer.sweep),
            "installations": self._part("installations", INSTALLATIONS_EVERY, self._installations),
            "adopted": self._part("adopted", every, self._repositories),
            "checkpoints": self._part("checkpoints", every, lambda: sign_chains(self._deps)),
            "expired": self._part("expired", RETENTION_EVERY, self._expired),
        }
        duration = round((perf_counter() - started) * 1000, 1)
        log.info("sweep.finished", **counts, duration_ms=duration)

    def _part(self, part: str, every: timedelta, work: Callable[[], int]) -> int:
        """Do a part when it is due; one that fails is due again in the next round."""
        now = self._deps.clock()
        last = self._done_at.get(part)
        if last is not None and now - last < every:
            return 0
        try:
            count = work()
        except GateError as error:
            log.warning("sweep.part_failed", part=part, reason=error.reason, detail=error.detail)
            return 0
        self._done_at[part] = now
        return count

    def _installations(self) -> int:
        """Learn of repositories that never sent a webhook, so that their gates are found too.

        An installation that GitHub refuses us does not keep the others from being read; when one
        could not be read just now, all are read again in the next round.
        """
        read, postponed = 0, None
        for installation in self._deps.github.read_installations():
            try:
                seen = self._seen(installation)
            except GateError as error:
                log.warning(
                    "sweep.installation_failed",
                    installation_id=installation.id,
                    reason=error.reason,
                    detail=error.detail,
                )
                postponed = error if isinstance(error, RetryLater) else postponed
                continue
            self._deps.database.transact(_recording(seen, self._deps.clock()))
            read += 1
        if postponed is not None:
            raise postponed
        return read

    def _seen(self, installation: Installation) -> InstallationSeen:
        status = InstallationStatus.SUSPENDED
        found: tuple[Repository, ...] = ()
        if not installation.suspended:
            status = InstallationStatus.ACTIVE
            found = self._deps.github.read_installation_repositories(installation)
        return InstallationSeen(installation.id, installation.account, status, found, ())

    def _repositories(self) -> int:
        """Look at the repositories that are due, those with undecided requests more often.

        Where GitHub limits an installation, the rest of its repositories have to wait for another
        round, and those of the others do not.
        """
        now = self._deps.clock()
        due = self._deps.database.read(
            lambda snapshot: repositories.repositories_to_sweep(
                snapshot,
                with_undecided_before=now - WITH_UNDECIDED_EVERY,
                others_before=now - OTHERS_EVERY,
                limit=_REPOSITORIES,
            )
        )
        adopted, paused = 0, set[InstallationId]()
        tried: list[RepositoryId] = []
        for repository in due:
            if repository.installation_id in paused:
                tried.append(repository.id)
                continue
            try:
                adopted += self._repository(repository, now)
            except RetryLater as error:
                tried.append(repository.id)
                if error.reason == _PAUSED:
                    paused.add(repository.installation_id)
        self._deps.database.transact(lambda tx: repositories.record_tried(tx, tried, now))
        return adopted

    def _repository(self, repository: Repository, now: datetime) -> int:
        """Look at one repository; raises RetryLater when GitHub cannot show it just now."""
        adopted = 0
        try:
            adopted = self._adopter.sweep(repository)
        except GateError as error:
            log.warning("sweep.repository_failed", repository_id=repository.id, reason=error.reason)
            if isinstance(error, RetryLater):
                raise
        self._deps.database.transact(_sweeping(repository.id, now))
        return adopted

    def _expired(self) -> int:
        """Delete what is older than the retention keeps."""
        deleted = retention.delete_expired(self._deps.database, self._deps.clock())
        return sum(deleted.values())


def _recording(seen: InstallationSeen, now: datetime) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        take_turn(tx, seen.installation_id)
        repositories.record_installation(tx, seen, now)

    return record


def _sweeping(repository_id: RepositoryId, now: datetime) -> Callable[[Transaction], None]:
    return lambda tx: repositories.record_swept(tx, repository_id, now)
