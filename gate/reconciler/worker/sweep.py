"""Find, from time to time, what webhooks did not tell.

Each round asks again for webhooks that GitHub could not deliver, and looks at the repositories that
are due; now and then it lists the installations, signs the trail and deletes what is too old. A
part that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final

import msgspec

from gate.domain.model.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.model.github import Installation
from gate.domain.model.ids import InstallationId
from gate.domain.requests.sweep_budget import (
    ACTIVE_EVERY,
    Candidate,
)
from gate.errors import GateError, RetryLater, reason_of
from gate.log import get_logger
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.worker.checkpoints import sign_chains
from gate.reconciler.worker.installation_looks import InstallationLooks, Share
from gate.reconciler.worker.redelivery import Redeliverer
from gate.shield import Shield
from gate.store import retention, rounds
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import repositories
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
        self._looks: dict[InstallationId, InstallationLooks] = {}

    def sweep(self, shield: Shield) -> None:
        """Do one round; what fails is logged and tried in the next. Faults of ours are `shield`'s.

        Each part fails alone, and so does each repository that is looked at.
        """
        with self._deps.traces.trace(SpanName.SWEEP):
            self._sweep(shield)

    def _sweep(self, shield: Shield) -> None:
        started = perf_counter()
        often = self._every
        parts: dict[str, tuple[timedelta, Part]] = {
            _REDELIVERY: (often, self._redeliverer.sweep),
            "installations": (INSTALLATIONS_EVERY, _forgetful(self._installations)),
            "adopted": (often, partial(self._repositories, shield)),
            "checkpoints": (often, _forgetful(lambda: sign_chains(self._deps))),
            "expired": (RETENTION_EVERY, _forgetful(self._expired)),
        }
        counts = dict.fromkeys(parts, 0)

        def do(part: str, every: timedelta, work: Part) -> None:
            counts[part] = self._part(part, every, work)

        for part, (every, work) in parts.items():
            shield.run(partial(do, part, every, work), partial(_log_failed, part))
        duration = round((perf_counter() - started) * 1000, 1)
        log.info("sweep.finished", **counts, duration_ms=duration)

    def _part(self, part: str, every: timedelta, work: Part) -> int:
        """Do a part when it is due and no other node does; one that fails is due again."""
        try:
            return self._do_if_due(part, every, work)
        except GateError as error:
            _log_failed(part, error)
            return 0

    def _do_if_due(self, part: str, every: timedelta, work: Part) -> int:
        database, began = self._deps.database, self._deps.clock()
        taken = database.transact(
            lambda tx: rounds.take_round(
                tx, part, began, every=every, until=began + LEASE, by=self._deps.node
            )
        )
        if taken is None:
            self._follow_other_node(part)
            return 0
        with ExitStack() as unless_done:
            unless_done.callback(database.transact, lambda tx: rounds.drop_round(tx, taken))
            count, memory = work(taken.memory)
            unless_done.pop_all()
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

    def _repositories(self, shield: Shield, memory: bytes | None) -> tuple[int, bytes]:
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
            looks = self._looks.setdefault(
                installation_id, InstallationLooks(self._deps, installation_id)
            )
            looks.share = known.get(installation_id, Share())
        # A thread of the pool begins without the context, and with it without the trace.
        contexts = {it: copy_context() for it in grouped}

        def look(installation_id: InstallationId) -> int:
            looks, candidates = self._looks[installation_id], grouped[installation_id]
            return contexts[installation_id].run(looks.look, candidates, shield)

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
            adopted = sum(pool.map(look, grouped))
        shares = known | {it: self._looks[it].share for it in grouped}
        return adopted, msgspec.json.encode(shares)

    def _expired(self) -> int:
        """Delete what is older than the retention keeps."""
        deleted = retention.delete_expired(self._deps.database, self._deps.clock())
        return sum(deleted.values())


_shares: Final = msgspec.json.Decoder(dict[InstallationId, Share])


def _log_failed(part: str, error: Exception) -> None:
    detail = error.detail if isinstance(error, GateError) else None
    log.warning("sweep.part_failed", part=part, reason=reason_of(error), detail=detail)


def _forgetful(work: Callable[[], int]) -> Part:
    """Do work that needs to know nothing of the last time."""
    return lambda _: (work(), None)


def _recording(seen: InstallationSeen, now: datetime) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        take_turn(tx, seen.installation_id)
        repositories.record_installation(tx, seen, now)

    return record
