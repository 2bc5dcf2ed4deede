"""Look at the repositories of one installation, within its share of the quota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.requests.sweep_budget import (
    ACTIVE_FOR,
    DEFAULT_QUOTA,
    Allowance,
    Candidate,
    choose_looks,
    first_allowance,
    refilled,
    spent,
)
from gate.errors import GateError, reason_of
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.worker.adoption import Adopter, LookResult
from gate.shield import Shield
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import repositories

_PAUSED: Final = "rate_limited"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """What is left of an installation's share of the quota, and where something happened lately."""

    allowance: Allowance | None = None
    active_at: dict[RepositoryId, datetime] = field(default_factory=dict)


class InstallationLooks:
    """Make the looks of one installation, round by round; `share` is what the last one left."""

    def __init__(self, deps: Deps, installation_id: InstallationId) -> None:
        """Begin with a full share."""
        self._deps = deps
        self._id = installation_id
        self._adopter = Adopter(deps)
        self.share = Share()

    def look(self, candidates: Sequence[Candidate], shield: Shield) -> int:
        """Make the looks of one round; count the gates that were adopted.

        Once the share is used up, the others wait for another round, in which they have waited
        longest. Once GitHub limits the installation, they count as looked at.
        """
        now = self._deps.clock()
        active_at = {it: at for it, at in self.share.active_at.items() if now - at < ACTIVE_FOR}
        known = [replace(it, active_at=active_at.get(it.repository.id)) for it in candidates]
        chosen = choose_looks(known, now)
        allowance, adopted, looked = self._refilled(now), 0, list[RepositoryId]()
        for it in chosen:
            if allowance.is_used_up:
                left = len(chosen) - len(looked)
                log.info("sweep.share_used_up", installation_id=self._id, left=left)
                break
            looked.append(it.repository.id)
            found = self._look_at(it.repository, shield)
            if isinstance(found, Exception):
                reason = reason_of(found)
                log.warning(
                    "sweep.repository_failed", repository_id=it.repository.id, reason=reason
                )
                allowance = spent(allowance, 1)
                if reason == _PAUSED:
                    looked = [one.repository.id for one in chosen]
                    break
                continue
            adopted += found.adopted
            allowance = spent(allowance, found.calls)
            if found.has_news:
                active_at[it.repository.id] = now
        self.share = Share(allowance, active_at)

        def record(tx: Transaction) -> None:
            take_turn(tx, self._id)
            repositories.record_looked(tx, looked, now)

        self._deps.database.transact(record)
        return adopted

    def _look_at(self, repository: Repository, shield: Shield) -> LookResult | Exception:
        """Look at one repository; return the error that kept us, a fault of ours too."""
        result: LookResult | Exception | None = None

        def look() -> None:
            nonlocal result
            try:
                result = self._adopter.look(repository)
            except GateError as error:
                result = error

        def fail(error: Exception) -> None:
            nonlocal result
            result = error

        shield.run(look, fail)
        assert result is not None  # noqa: S101 - one of the two has run
        return result

    def _refilled(self, now: datetime) -> Allowance:
        quota = self._deps.github.app.quota_of(self._id) or DEFAULT_QUOTA
        if self.share.allowance is None:
            return first_allowance(quota, now)
        return refilled(self.share.allowance, quota, now)
