"""Bring the incidents of one repository up to date, and plan what is said about them.

A look is made after any news, and when a reminder or an escalation is due. It asks what is so, not
what has changed: news may be lost, doubled or late. GitHub is asked only for what is missing,
between transactions; what comes of a look is one commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId
from gate.domain.model.policy.policy import (
    AlertPolicy,
    IncidentPolicy,
    LoadedPolicy,
)
from gate.domain.requests.missing_facts import JobsNeeded, PolicyNeeded, RepositoryNeeded
from gate.errors import GateError, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.incidents.alert_planning import AlertContext
from gate.reconciler.incidents.gate_alerts import (
    alert_ends,
    alert_policy_problem,
    alert_unread_policy,
)
from gate.reconciler.incidents.look import Look, Seen
from gate.reconciler.observe.policy import last_policy_of, unreadable
from gate.reconciler.observe.repository import SharedNeed, observe_shared
from gate.store.engine.database import Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn_of_repository
from gate.store.github import repositories
from gate.store.incidents import checks, incidents

_MOST_READINGS: Final = 8
"""More than all environments of a policy ever lack at once; the rest waits for the next look."""

_REFUSED_BEFORE: Final = 2
"""Looks at which GitHub refused the policy before people are told: the App may be leaving."""

_FAILED_BEFORE: Final = 10
"""Looks at which GitHub failed to show the policy before people are told: some ten minutes."""

_SET_ASIDE: Final = timedelta(minutes=10)
"""How long a look waits that can tell nobody: no policy, or the App is not at work."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Lacking:
    """The look cannot be made before this is read."""

    repository: Repository
    check: Taken
    need: SharedNeed


def check_incidents(repository_id: RepositoryId, deps: Deps) -> None:
    """Make the look that is due at a repository's incidents, if it still is.

    When GitHub does not show what is missing, the look is made with what is known, and due again
    later.
    """
    for _ in range(_MOST_READINGS):
        step = deps.database.transact(lambda tx: _look(tx, repository_id, deps))
        if step is None:
            return
        try:
            observe_shared(step.need, step.repository, deps)
        except (RetryLater, Refused) as error:
            _postpone(step, error, deps)
            if _is_unread_policy(step, error):
                _alert_unread(step.repository, error, deps)
            return


def _postpone(step: _Lacking, error: RetryLater | Refused, deps: Deps) -> None:
    """Come back later to a look for which GitHub would not show a fact; look without it now."""
    repository_id, now = step.repository.id, deps.clock()
    due_at = now + backoff(step.check.attempts, error, spread=repository_id)

    def look(tx: Transaction) -> None:
        take_turn_of_repository(tx, repository_id)
        check = checks.rows.take(tx, repository_id, now, now + LEASE, by=deps.node)
        if check is None:
            return
        next_look = _look_without(tx, step.repository, deps)
        if check.row.generation != step.check.row.generation:
            # News came while GitHub was asked: what it is about may need no such fact.
            checks.rows.release(tx, check)
            checks.rows.note_due(tx, repository_id, now)
            return
        checks.rows.postpone(tx, check, min(due_at, next_look or due_at))

    deps.database.transact(look)
    log.warning("incident.postponed", repository_id=repository_id, reason=error.reason)


def _look_without(tx: Transaction, repository: Repository, deps: Deps) -> datetime | None:
    """Make a look by the policy as it was read last, at the environments of which enough is known.

    A failure is not to wait until GitHub shows a policy that may have changed, or the jobs of a
    green run in another environment.
    """
    branch = repository.default_branch
    choice = last_policy_of(tx, repository, deps, even_if_suspect=True)
    if branch is None or choice is None or not isinstance(choice.reading, LoadedPolicy):
        context = AlertContext(repository, AlertPolicy(), IncidentPolicy(), deps, deps.clock())
        alert_ends(tx, context)
        return None
    policy = choice.reading.policy
    context = AlertContext(repository, policy.alerts, policy.incidents, deps, deps.clock())
    look = Look(branch, policy, context)
    return look.make(tx, [it for it in look.see(tx) if isinstance(it, Seen)])


def _is_unread_policy(step: _Lacking, error: RetryLater | Refused) -> bool:
    """Return whether GitHub keeps not showing the policy, without which no failure is known."""
    most = _REFUSED_BEFORE if isinstance(error, Refused) else _FAILED_BEFORE
    return isinstance(step.need, PolicyNeeded) and step.check.attempts > most


def _alert_unread(repository: Repository, error: GateError, deps: Deps) -> None:
    """Alert all channels that the policy cannot be read."""

    def tell(tx: Transaction) -> None:
        take_turn_of_repository(tx, repository.id)
        context = AlertContext(repository, AlertPolicy(), IncidentPolicy(), deps, deps.clock())
        alert_unread_policy(tx, unreadable(error), context)

    deps.database.transact(tell)


def _look(tx: Transaction, repository_id: RepositoryId, deps: Deps) -> _Lacking | None:
    """Make the look on one snapshot, or return what is missing for it."""
    take_turn_of_repository(tx, repository_id)
    now = deps.clock()
    check = checks.rows.take(tx, repository_id, now, now + LEASE, by=deps.node)
    if check is None:
        return None
    repository = repositories.read_served_repository(tx, repository_id)
    if repository is None:
        # Nothing is heard of it any more, its end neither: reminders would go on for ever. When the
        # App is at work there again, that makes the look due.
        is_open = bool(incidents.open_incidents(tx, repository_id))
        checks.rows.settle(tx, check, due_at=now + _SET_ASIDE if is_open else None)
        return None
    lacking = _look_at(tx, check, repository, deps)
    if lacking is not None:
        checks.rows.release(tx, check)
    return lacking


def _look_at(tx: Transaction, check: Taken, repository: Repository, deps: Deps) -> _Lacking | None:
    now = deps.clock()
    if repository.default_branch is None:
        return _Lacking(repository, check, RepositoryNeeded())
    choice = last_policy_of(tx, repository, deps)
    if choice is None:
        return _Lacking(repository, check, PolicyNeeded())
    if not isinstance(choice.reading, LoadedPolicy):
        # Which workflow validates is not known, so no failure of it can be told: that is told, to
        # all channels. A policy that can be read again makes the look due, and so does time.
        context = AlertContext(repository, AlertPolicy(), IncidentPolicy(), deps, now)
        alert_policy_problem(tx, choice.reading, context)
        alert_ends(tx, context)
        checks.rows.settle(tx, check, due_at=now + _SET_ASIDE)
        return None
    policy = choice.reading.policy
    context = AlertContext(repository, policy.alerts, policy.incidents, deps, now)
    look = Look(repository.default_branch, policy, context)
    seen: list[Seen] = []
    for it in look.see(tx):
        if isinstance(it, JobsNeeded):
            return _Lacking(repository, check, it)
        seen.append(it)
    next_look = look.make(tx, seen)
    alert_policy_problem(tx, choice.reading, context)
    checks.rows.settle(tx, check, due_at=next_look)
    return None
