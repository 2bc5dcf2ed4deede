"""Find, from time to time, what webhooks did not tell.

Each round asks again for webhooks that GitHub could not deliver, and looks at the repositories that
are due; now and then it lists the installations, signs the trail and deletes what is too old. A
part that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final

import msgspec

from gate.domain.model.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.model.github import Installation
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.requests.sweep_budget import (
    ACTIVE_EVERY,
    ACTIVE_FOR,
    DEFAULT_QUOTA,
    Allowance,
    Candidate,
    choose_looks,
    first_allowance,
    refilled,
    spent,
)
from gate.errors import GateError, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.worker.adoption import Adopter
from gate.reconciler.worker.checkpoints import sign_chains
from gate.reconciler.worker.redelivery import Redeliverer
from gate.store import retention, rounds
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import repositories
from gate.store.rounds import Round
from gate.traces.names import SpanName

INSTALLATIONS_EVERY: Final = timedelta(hours=1)
RETENTION_EVERY: Final = timedelta(hours=6)

_MOST_CANDIDATES: Final = 20_000
_AT_ONCE: Final = 8
"""Installations whose repositories are looked at side by side."""
_PAUSED: Final = "rate_limited"

log = get_logger(__name__)


Part = Callable[[bytes | None], tuple[int, bytes | None]]
"""Does its part of a sweep, given what the last one left; returns a count, and what is left now."""

_REDELIVERY: Final = "redelivered"


class Sweeper:
    """Sweep; each part of it is a round that one node of the fleet takes. Used by one thread."""

    def __init__(self, deps: Deps, every: timedelta = timedelta(0)) -> None:
        """Prepare; parts without an interval of their own are done `every` so often."""
        self._deps = deps
        # A little less: clocks and waits are not that exact, and a round must not be left out.
        self._every = every * 0.9
        self._redeliverer = Redeliverer(deps)
        self._watches: dict[InstallationId, _Watch] = {}

    def sweep(self) -> None:
        """Do one round; what fails is logged and tried in the next."""
        with self._deps.traces.trace(SpanName.SWEEP):
            self._sweep()

    def _sweep(self) -> None:
        started = perf_counter()
        often = self._every
        parts: dict[str, tuple[timedelta, Part]] = {
            _REDELIVERY: (often, self._redeliverer.sweep),
            "installations": (INSTALLATIONS_EVERY, _forgetful(self._installations)),
            "adopted": (often, self._repositories),
            "checkpoints": (often, _forgetful(lambda: sign_chains(self._deps))),
            "expired": (RETENTION_EVERY, _forgetful(self._expired)),
        }
        counts = {name: self._part(name, every, work) for name, (every, work) in parts.items()}
        duration = round((perf_counter() - started) * 1000, 1)
        log.info("sweep.finished", **counts, duration_ms=duration)

    def _part(self, part: str, every: timedelta, work: Part) -> int:
        """Do a part when it is due and no other node does; one that fails is due again."""
        database, began = self._deps.database, self._deps.clock()
        try:
            taken = database.transact(
                lambda tx: rounds.take_round(
                    tx, part, began, every=every, until=began + LEASE, by=self._deps.node
                )
            )
            if taken is None:
                self._follow_other_node(part)
                return 0
            return self._do(taken, began, work)
        except GateError as error:
            log.warning("sweep.part_failed", part=part, reason=error.reason, detail=error.detail)
            return 0

    def _do(self, taken: Round, began: datetime, work: Part) -> int:
        database = self._deps.database
        try:
            count, memory = work(taken.memory)
        except Exception:
            database.transact(lambda tx: rounds.drop_round(tx, taken))
            raise
        database.transact(lambda tx: rounds.finish_round(tx, taken, began, memory))
        return count

    def _follow_other_node(self, part: str) -> None:
        """Take note of what another node has found out that concerns this one, too."""
        if part == _REDELIVERY:
            read = partial(rounds.last_memory, name=part)
            self._redeliverer.resume(self._deps.database.read(read))

    def _installations(self) -> int:
        """Learn of repositories that never sent a webhook, so that their gates are found too.

        An installation that GitHub refuses us does not keep the others from being read; when one
        could not be read just now, all are read again in the next round.
        """
        read, postponed = 0, None
        for installation in self._deps.github.app.read_installations():
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
            found = self._deps.github.app.read_installation_repositories(installation)
        return InstallationSeen(installation.id, installation.account, status, found, ())

    def _repositories(self, memory: bytes | None) -> tuple[int, bytes]:
        """Look at the repositories that are due, those of several installations side by side.

        One installation that GitHub limits, or that is slow, takes nothing from the others.
        """
        now = self._deps.clock()
        known = _shares.decode(memory) if memory is not None else {}
        candidates = self._deps.database.read(
            lambda snapshot: repositories.look_candidates(
                snapshot, now - ACTIVE_EVERY, _MOST_CANDIDATES
            )
        )
        grouped: dict[InstallationId, list[Candidate]] = {}
        for it in candidates:
            grouped.setdefault(it.repository.installation_id, []).append(it)
        for installation_id in grouped:
            watch = self._watches.setdefault(installation_id, _Watch(self._deps, installation_id))
            watch.share = known.get(installation_id, Share())
        # A thread of the pool begins without the context, and with it without the trace.
        contexts = {it: copy_context() for it in grouped}

        def look(installation_id: InstallationId) -> int:
            watch = self._watches[installation_id]
            return contexts[installation_id].run(watch.look, grouped[installation_id])

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
            adopted = sum(pool.map(look, grouped))
        shares = known | {it: self._watches[it].share for it in grouped}
        return adopted, msgspec.json.encode(shares)

    def _expired(self) -> int:
        """Delete what is older than the retention keeps."""
        deleted = retention.delete_expired(self._deps.database, self._deps.clock())
        return sum(deleted.values())


@dataclass(frozen=True, slots=True)
class Share:
    """What is left of an installation's share of the quota, and where something happened lately."""

    allowance: Allowance | None = None
    active_at: dict[RepositoryId, datetime] = field(default_factory=dict)


_shares: Final = msgspec.json.Decoder(dict[InstallationId, Share])


def _forgetful(work: Callable[[], int]) -> Part:
    """Do work that needs to know nothing of the last time."""
    return lambda _: (work(), None)


class _Watch:
    """Look at the repositories of one installation, within its share of the quota."""

    def __init__(self, deps: Deps, installation_id: InstallationId) -> None:
        self._deps = deps
        self._id = installation_id
        self._adopter = Adopter(deps)
        self.share = Share()

    def look(self, candidates: Sequence[Candidate]) -> int:
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
            try:
                found = self._adopter.look(it.repository)
            except GateError as error:
                log.warning(
                    "sweep.repository_failed", repository_id=it.repository.id, reason=error.reason
                )
                allowance = spent(allowance, 1)
                if error.reason == _PAUSED:
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

    def _refilled(self, now: datetime) -> Allowance:
        quota = self._deps.github.app.quota_of(self._id) or DEFAULT_QUOTA
        if self.share.allowance is None:
            return first_allowance(quota, now)
        return refilled(self.share.allowance, quota, now)


def _recording(seen: InstallationSeen, now: datetime) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        take_turn(tx, seen.installation_id)
        repositories.record_installation(tx, seen, now)

    return record
