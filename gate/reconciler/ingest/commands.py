"""Hear the commands that people write in comments: find out who they are, then do or refuse.

The person is looked up first, between transactions. Whoever has no say is turned away with a
reaction at most and not looked up again for a while, whatever they ask. For everybody else the
command is done or refused, put on record and answered in one commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.comments.commands import (
    DecideCommand,
    IncidentCommand,
    ResolveCommand,
    SilenceCommand,
)
from gate.domain.incidents.command_rule import (
    Commenter,
)
from gate.domain.model.request import GateRequest
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.command_outcomes import FoundCommand, settle_found
from gate.reconciler.observe.commenter import Asked, observe_commenter
from gate.reconciler.obstacles import cause
from gate.reconciler.overrides.commands import (
    override_given,
    request_meant,
)
from gate.store.comments import commands
from gate.store.comments.commands import GivenCommand, given_of
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import Taken
from gate.store.github import repositories
from gate.store.incidents import incidents, issues

_GIVEN_UP_AFTER: Final = timedelta(days=1)
_NUMBER_UNKNOWN: Final = timedelta(seconds=10)

log = get_logger(__name__)


def judge_taken(taken: Taken, deps: Deps) -> None:
    """Judge one command that waits: find out who gives it, then do it or refuse it."""
    given = given_of(taken.row)
    found = deps.database.read(lambda snapshot: _find(snapshot, given))
    if found is None:
        if not _may_be_opening(given, taken, deps):
            _drop(given, taken, "no_incident", deps)
        return
    if deps.strangers.is_known(given.repository_id, given.person.id, deps.clock()):
        _drop(given, taken, "stranger", deps)
        return
    commenter = _look_up(found, taken, deps)
    if commenter is None:
        return
    deps.failpoint("commenter_known")
    if not (commenter.may_write or commenter.may_override):
        deps.strangers.remember(given.repository_id, given.person.id, deps.clock())
    elif not given.is_related:
        deps.strangers.was_no_stranger(found.repository.installation_id)
    deps.database.transact(lambda tx: settle_found(tx, found, taken, commenter, deps))


def _find(snapshot: Snapshot, given: GivenCommand) -> FoundCommand | None:
    """Find what a command is about; None when it can only be about an incident and there is none.

    So it is with the issue of an incident whose number is not known yet.
    """
    repository = repositories.read_repository(snapshot, given.repository_id)
    record = incidents.incident_of_issue(snapshot, given.repository_id, given.issue_number)
    if repository is None or (record is None and isinstance(given.command, IncidentCommand)):
        return None
    override = override_given(given, repository)
    request = request_meant(snapshot, override) if override is not None else None
    meant = request.environment if isinstance(request, GateRequest) else None
    return FoundCommand(given, repository, record, override, meant)


def _may_be_opening(given: GivenCommand, taken: Taken, deps: Deps) -> bool:
    """Come back to a command later when its issue may be an incident's all the same."""
    now = deps.clock()
    is_opening = deps.database.read(lambda it: issues.is_opening(it, given.repository_id))
    if not is_opening or _is_old(taken, now):
        return False
    _postpone(taken, now + _NUMBER_UNKNOWN, deps)
    return True


def _look_up(found: FoundCommand, taken: Taken, deps: Deps) -> Commenter | None:
    """Find out what somebody may; None when that has to wait.

    People unknown to GitHub are looked up at a slow pace, so that many of them do no harm.
    """
    given, now = found.given, deps.clock()
    if not given.is_related:
        at = deps.strangers.next_look_up(found.repository.installation_id, now)
        if at > now:
            _postpone(taken, at, deps)
            return None
    # Only what must be known is asked: what an incident or a hold needs takes more than writing.
    write_is_enough = not (
        isinstance(given.command, DecideCommand | ResolveCommand | SilenceCommand)
        or found.meant is not None
    )
    asked = Asked(given.person, found.repository, found.environment, write_is_enough)
    try:
        return observe_commenter(asked, deps)
    except RetryLater as error:
        if not _is_old(taken, deps.clock()):
            _postpone(taken, deps.clock() + backoff(taken.attempts, error), deps)
            return None
        return _nobody(f"unknown, GitHub did not answer ({cause(error)})")
    except Refused as error:
        return _nobody(f"unknown, GitHub does not show it to the gate ({cause(error)})")


def _is_old(taken: Taken, now: datetime) -> bool:
    is_old: bool = now - taken.row.seen_at > _GIVEN_UP_AFTER
    return is_old


def _nobody(detail: str) -> Commenter:
    """Return a commenter of whom nothing is known, and who therefore may do nothing."""
    return Commenter(is_person=True, may_write=False, may_override=False, detail=detail)


def _postpone(taken: Taken, due_at: datetime, deps: Deps) -> None:
    deps.database.transact(lambda tx: commands.rows.postpone(tx, taken, due_at))
    log.warning("command.postponed", command_key=taken.row.command_key)


def _drop(given: GivenCommand, taken: Taken, reason: str, deps: Deps) -> None:
    """Leave a comment alone: nobody needs an answer."""

    def drop(tx: Transaction) -> None:
        if commands.rows.lock(tx, taken) is not None:
            commands.forget_command(tx, given.key)

    deps.database.transact(drop)
    log.info("command.dropped", command_key=given.key, reason=reason)
