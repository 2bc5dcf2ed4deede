"""The kinds of work that wait in due tables, each as one value that the supervisor runs.

A loop takes what is due, item by item, and runs it. Requests and deliveries have queues of their
own (`gate.reconciler.worker.queues`): many threads share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Generic, TypeVar

from gate.domain.model.alert import Channel
from gate.domain.model.hints import Work
from gate.domain.model.ids import RepositoryId
from gate.errors import GateError, RetryLater, reason_of
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.comments.replies import send_reply
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.incidents.alert_sending import send_alerts
from gate.reconciler.incidents.artifacts import list_artifacts
from gate.reconciler.incidents.check import check_incidents
from gate.reconciler.incidents.issue import keep_issue
from gate.reconciler.ingest.commands import judge_taken
from gate.reconciler.observe.policy_authors import find_author
from gate.reconciler.policy_checks.check import check_policy
from gate.store.comments import commands, replies
from gate.store.engine.database import Transaction
from gate.store.engine.due import DueTable, Taken
from gate.store.github import policy_authors
from gate.store.incidents import alerts, artifacts, checks, issues
from gate.store.policy_checks import checks as checks_of_policies
from gate.traces.names import Attribute, SpanName

T = TypeVar("T")

QUARANTINE_AFTER: Final = 20
"""Tries of a delivery, the last of which failed by a fault of ours, before it is set aside."""

_AT_ONCE: Final = 50

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loop(Generic[T]):
    """One kind of work: what is due, how one item is done, how it is put off when that fails.

    `take` yields the items that are due now, each taken right before it is run. `run` does one and
    raises nothing that it expects. `postpone` comes back to an item after a fault.
    """

    name: str
    work: Work
    take: Callable[[], Iterator[T]]
    run: Callable[[T], None]
    postpone: Callable[[T, Exception], None]


def loops_of(deps: Deps) -> tuple[Loop[Any], ...]:
    """Build the loops of a service.

    Each channel has one of its own, so that one that is slow or down holds up no other.
    """
    loops: tuple[Loop[Any], ...] = (
        _rows_loop(Work.REPLIES, replies.rows, send_reply, deps),
        _rows_loop(Work.COMMANDS, commands.rows, judge_taken, deps),
        _rows_loop(Work.ISSUES, issues.rows, keep_issue, deps),
        _rows_loop(Work.ARTIFACTS, artifacts.rows, list_artifacts, deps),
        _rows_loop(Work.AUTHORS, policy_authors.rows, find_author, deps),
        _rows_loop(Work.POLICY_CHECKS, checks_of_policies.rows, check_policy, deps),
        _checks_loop(deps),
        *(_alerts_loop(channel, deps) for channel in deps.notifiers),
    )
    return tuple(_traced(it, deps) for it in loops) if deps.traces.is_on else loops


def _traced(loop: Loop[Any], deps: Deps) -> Loop[Any]:
    """Begin a trace for each item of a loop."""
    about = {Attribute.WORK: loop.work.value}

    def run(item: object) -> None:
        with deps.traces.trace(SpanName.WORK, about):
            loop.run(item)

    return replace(loop, run=run)


def take_due(rows: DueTable, deps: Deps, most: int = _AT_ONCE) -> Iterator[Taken]:
    """Yield rows that are due now, each leased right before; one that another node has is left."""
    now = deps.clock()
    for key in deps.database.read(lambda snapshot: rows.due(snapshot, now, most)):
        taken = deps.database.transact(partial(_take, rows, key, deps))
        if taken is not None:
            yield taken


def put_off(rows: DueTable, taken: Taken, error: Exception, deps: Deps, *, spread: int = 0) -> None:
    """Come back to a row later, or set it aside when it keeps failing by a fault of ours.

    `spread` moves rows apart that failed together, see `backoff`.
    """
    if deps.database.transact(lambda tx: _put_off(tx, rows, taken, error, deps, spread=spread)):
        _log_quarantine(rows, taken, error)


def put_off_untaken(
    rows: DueTable, key: object, error: Exception, deps: Deps, *, spread: int = 0
) -> None:
    """Do as `put_off` for a row whose work took no lease; in one commit, so that none is left."""

    def record(tx: Transaction) -> Taken | None:
        taken = _take(rows, key, deps, tx)
        is_aside = taken is not None and _put_off(tx, rows, taken, error, deps, spread=spread)
        return taken if is_aside else None

    aside = deps.database.transact(record)
    if aside is not None:
        _log_quarantine(rows, aside, error)


def _put_off(
    tx: Transaction, rows: DueTable, taken: Taken, error: Exception, deps: Deps, *, spread: int
) -> bool:
    """Postpone a row, or set it aside; return whether it was set aside."""
    known = error if isinstance(error, GateError) else None
    is_hopeless = taken.attempts >= QUARANTINE_AFTER and not isinstance(error, RetryLater)
    if is_hopeless and rows.quarantine(tx, taken, reason=reason_of(error)):
        return True
    rows.postpone(tx, taken, deps.clock() + backoff(taken.attempts, known, spread=spread))
    return False


def _log_quarantine(rows: DueTable, taken: Taken, error: Exception) -> None:
    log.error(
        "work.quarantined",
        work=rows.name,
        key="/".join(str(it) for it in taken.key),
        reason=reason_of(error),
        attempts=taken.attempts,
    )


def _take(rows: DueTable, key: object, deps: Deps, tx: Transaction) -> Taken | None:
    now = deps.clock()
    return rows.take(tx, key, now, now + LEASE, by=deps.node)


def _rows_loop(
    work: Work, rows: DueTable, run: Callable[[Taken, Deps], None], deps: Deps
) -> Loop[Taken]:
    return Loop(
        name=work.value,
        work=work,
        take=lambda: take_due(rows, deps),
        run=lambda taken: run(taken, deps),
        postpone=lambda taken, error: put_off(rows, taken, error, deps),
    )


def _checks_loop(deps: Deps) -> Loop[RepositoryId]:
    """Build the loop that looks after incidents: a look takes its row in its own transaction."""

    def due() -> Iterator[RepositoryId]:
        now = deps.clock()
        yield from deps.database.read(lambda snapshot: checks.rows.due(snapshot, now, _AT_ONCE))

    def postpone(repository_id: RepositoryId, error: Exception) -> None:
        put_off_untaken(checks.rows, repository_id, error, deps, spread=repository_id)

    return Loop(
        name=Work.INCIDENTS.value,
        work=Work.INCIDENTS,
        take=due,
        run=lambda repository_id: check_incidents(repository_id, deps),
        postpone=postpone,
    )


def _alerts_loop(channel: Channel, deps: Deps) -> Loop[str]:
    """Build the loop of one channel: what it is owed about an incident goes into one message."""

    def due() -> Iterator[str]:
        now = deps.clock()
        yield from deps.database.read(
            lambda snapshot: alerts.due_incidents(snapshot, channel, now, _AT_ONCE)
        )

    def leave(incident: str, _error: Exception) -> None:
        # A message that was taken is due again when its lease ends; the others still are.
        log.warning("alert.postponed", channel=channel.value, incident=incident)

    return Loop(
        name=f"{Work.ALERTS.value}-{channel.value}",
        work=Work.ALERTS,
        take=due,
        run=lambda incident: send_alerts(channel, incident, deps),
        postpone=leave,
    )
