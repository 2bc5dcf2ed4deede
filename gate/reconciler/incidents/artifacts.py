"""List the artifacts that a failed run left on GitHub, so that alerts and the issue link them.

A loop of its own does it: a page waits for no call of GitHub longer than for anything it links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn_of_repository
from gate.store.github import repositories, runs
from gate.store.incidents import artifacts
from gate.store.incidents.artifacts import WantedArtifacts, wanted_of
from gate.store.incidents.checks import mark_check

_MOST_LISTED: Final = 50
_TRIED_FOR: Final = timedelta(hours=1)
"""How long a listing is tried: people have opened the run itself by then."""

log = get_logger(__name__)


def list_artifacts(taken: Taken, deps: Deps) -> None:
    """List the artifacts that are wanted of one run attempt, or say when it is tried again."""
    wanted, now = wanted_of(taken.row), deps.clock()
    try:
        urls = _read(wanted, deps)
    except RetryLater as error:
        _warn(wanted, taken, error.reason)
        if now - wanted.wanted_at < _TRIED_FOR:
            due_at = deps.clock() + backoff(taken.attempts, error, spread=wanted.run_id)
            deps.database.transact(lambda tx: artifacts.rows.postpone(tx, taken, due_at))
            return
        urls = ()
    except Refused as error:
        _warn(wanted, taken, error.reason)
        urls = ()
    _record(taken, urls, deps)


def _read(wanted: WantedArtifacts, deps: Deps) -> tuple[str, ...]:
    """Ask GitHub; give the pages on which people find the artifacts."""

    def known(snapshot: Snapshot) -> tuple[Repository | None, str]:
        run = runs.read_run(snapshot, wanted.repository_id, wanted.run_id, wanted.run_attempt)
        repository = repositories.read_served_repository(snapshot, wanted.repository_id)
        return repository, run.html_url if run is not None else ""

    repository, page = deps.database.read(known)
    if repository is None or not page:
        return ()
    ids = deps.github.actions.read_artifacts(repository.address, wanted.run_id)
    return tuple(f"{page}/artifacts/{number}" for number in ids[:_MOST_LISTED])


def _record(taken: Taken, urls: Sequence[str], deps: Deps) -> None:
    """Record what was listed, and let the incidents be looked at because of it."""
    repository_id = wanted_of(taken.row).repository_id

    def record(tx: Transaction) -> None:
        take_turn_of_repository(tx, repository_id)
        mark_check(tx, repository_id, deps.clock())
        artifacts.record_artifacts(tx, taken, urls)

    deps.database.transact(record)


def _warn(wanted: WantedArtifacts, taken: Taken, reason: str) -> None:
    log.warning(
        "artifacts.unavailable",
        repository_id=wanted.repository_id,
        run_id=wanted.run_id,
        run_attempt=wanted.run_attempt,
        attempts=taken.attempts,
        reason=reason,
    )
