"""List the artifacts that a failed run left on GitHub, so that alerts and the issue link them.

A thread of its own does it: a page waits for no call of GitHub longer than for anything it links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.turns import take_turn_of_repository
from gate.store.github import repositories, runs
from gate.store.incidents import artifacts
from gate.store.incidents.artifacts import WantedArtifacts
from gate.store.incidents.checks import mark_check

_AT_ONCE: Final = 50
_MOST_LISTED: Final = 50
_TRIED_FOR: Final = timedelta(hours=1)
"""How long a listing is tried: people have opened the run itself by then."""

log = get_logger(__name__)


def list_artifacts(deps: Deps) -> None:
    """List the artifacts that are wanted; a run for which it fails holds up no other."""
    now = deps.clock()
    due = deps.database.read(lambda snapshot: artifacts.due_artifacts(snapshot, now, _AT_ONCE))
    for wanted in due:
        _list(wanted, deps)


def _list(wanted: WantedArtifacts, deps: Deps) -> None:
    now = deps.clock()
    until = now + LEASE
    if not deps.database.transact(lambda tx: artifacts.take_artifacts(tx, wanted, until)):
        return
    try:
        urls = _read(wanted, deps)
    except RetryLater as error:
        if now - wanted.wanted_at < _TRIED_FOR:
            due_at = deps.clock() + backoff(wanted.tries + 1, error, spread=wanted.run_id)
            deps.database.transact(lambda tx: artifacts.postpone_artifacts(tx, wanted, due_at))
            _warn(wanted, error.reason)
            return
        urls = _give_up(wanted, error.reason)
    except Refused as error:
        urls = _give_up(wanted, error.reason)
    _record(wanted, urls, deps)


def _read(wanted: WantedArtifacts, deps: Deps) -> tuple[str, ...]:
    """Ask GitHub; give the pages on which people find the artifacts."""

    def known(snapshot: Snapshot) -> tuple[Repository | None, str]:
        run = runs.read_run(snapshot, wanted.repository_id, wanted.run_id, wanted.run_attempt)
        repository = repositories.read_served_repository(snapshot, wanted.repository_id)
        return repository, run.html_url if run is not None else ""

    repository, page = deps.database.read(known)
    if repository is None or not page:
        return ()
    ids = deps.github.read_artifacts(repository.address, wanted.run_id)
    return tuple(f"{page}/artifacts/{number}" for number in ids[:_MOST_LISTED])


def _record(wanted: WantedArtifacts, urls: Sequence[str], deps: Deps) -> None:
    """Keep what was listed, and let the incidents be looked at because of it."""

    def record(tx: Transaction) -> None:
        take_turn_of_repository(tx, wanted.repository_id)
        mark_check(tx, wanted.repository_id, deps.clock())
        artifacts.record_artifacts(tx, wanted, urls)

    deps.database.transact(record)
    deps.wakeups.wake_incidents(wanted.repository_id)


def _give_up(wanted: WantedArtifacts, reason: str) -> tuple[str, ...]:
    _warn(wanted, reason)
    return ()


def _warn(wanted: WantedArtifacts, reason: str) -> None:
    log.warning(
        "artifacts.unavailable",
        repository_id=wanted.repository_id,
        run_id=wanted.run_id,
        run_attempt=wanted.run_attempt,
        attempts=wanted.tries + 1,
        reason=reason,
    )
