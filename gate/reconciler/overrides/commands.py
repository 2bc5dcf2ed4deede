"""Turn the `/override` command of a comment into a claim on the held run that it names."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.comments.binding import Unbound
from gate.domain.comments.commands import (
    OverrideCommand,
)
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import CommentId
from gate.domain.model.overrides import OverrideChannel, OverrideClaim
from gate.domain.model.request import GateRequest
from gate.reconciler.deps import Deps
from gate.reconciler.overrides.claims import (
    OverrideAttempt,
    bind_run,
    find_excess,
    record_claim_of,
    refuse_claim,
)
from gate.store.comments.commands import GivenCommand
from gate.store.engine.database import Snapshot, Transaction
from gate.store.requests import claims
from gate.store.requests.claims import RecordedClaim


@dataclass(frozen=True, slots=True)
class OverrideGiven:
    """An override as it was asked for in a comment."""

    given: GivenCommand
    command: OverrideCommand
    comment_id: CommentId
    repository: Repository


def override_given(given: GivenCommand, repository: Repository) -> OverrideGiven | None:
    """Read a command as an override; None for any other."""
    command, comment_id = given.command, given.comment_id
    if not isinstance(command, OverrideCommand) or comment_id is None:
        return None
    return OverrideGiven(given, command, comment_id, repository)


def request_meant(tx: Snapshot, asked: OverrideGiven) -> GateRequest | Unbound:
    """Find the held request that a comment means."""
    repository = asked.repository
    if claims.is_withdrawn(tx, repository.id, asked.comment_id):
        return Unbound("withdrawn", "the comment was edited or deleted; write a new one")
    return bind_run(tx, asked.command.run, repository, asked.given.url)


def record_override_command(tx: Transaction, asked: OverrideGiven, deps: Deps) -> Unbound | None:
    """Record a claim on the held run that a comment names.

    What can be no claim is put on record as refused, and returned with what is wrong.
    """
    given, repository = asked.given, asked.repository
    request = request_meant(tx, asked)
    if not isinstance(request, Unbound):
        request = find_excess(tx, request.key, given.person) or request
    if isinstance(request, Unbound):
        refuse_override(tx, asked, request, deps)
        return request
    claim = OverrideClaim(
        key=claims.comment_claim_key(repository.id, asked.comment_id),
        channel=OverrideChannel.COMMENT,
        person=given.person,
        is_person=True,
        rationale=asked.command.rationale,
        given_at=given.given_at,
        run_id=request.key.run_id,
        run_attempt=request.key.run_attempt,
        head_sha=request.head_sha,
        environment=request.environment,
        url=given.url,
    )
    recorded = RecordedClaim(claim, asked.comment_id, given.issue_number)
    record_claim_of(tx, request.key, recorded, request, deps)
    return None


def refuse_override(
    tx: Transaction, asked: OverrideGiven, why: Unbound, deps: Deps, *, most: int | None = None
) -> None:
    """Put on record that a comment releases nothing, with up to `most` characters of it."""
    rationale = asked.command.rationale[:most]
    said = OverrideAttempt(asked.command.run.run_id, asked.given.person.login, rationale)
    refuse_claim(tx, asked.repository, said, why, deps)
