"""Turn what reviewers and commenters say into claims on the requests they mean.

A claim is kept as it was said, before anybody judges it: whether it releases anything is decided in
the pass that looks at its request. What names no held request is refused here, on record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from gate.domain.comments.binding import Unbound, bind, is_override_run
from gate.domain.comments.commands import (
    CommandProblem,
    OverrideCommand,
    RunReference,
    parse_override_title,
)
from gate.domain.model.deliveries import CommentSeen, Repository, ReviewSubmitted
from gate.domain.model.ids import CommentId, RequestId, RequestKey, RunId, environment_key
from gate.domain.model.overrides import OverrideChannel, OverrideClaim
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import Account
from gate.domain.overrides.rationale import cap_rationale
from gate.reconciler.deps import Deps
from gate.reconciler.overrides.record import claim_detail
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.comments.commands import GivenCommand
from gate.store.engine.database import Snapshot, Transaction
from gate.store.requests import claims, requests
from gate.store.requests.claims import RecordedClaim

MOST_OF_A_PERSON: Final = 20
"""Claims of one person on one request; each decision of the request repeats them all."""

MOST_OF_A_REQUEST: Final = 100


@dataclass(frozen=True, slots=True)
class _Said:
    """Who said what about which run, for the record."""

    run_id: RunId
    login: str
    rationale: str


def record_review(
    tx: Transaction, seen: ReviewSubmitted, received_at: datetime | None, deps: Deps
) -> tuple[RequestId, ...]:
    """Record an approval: of a gated environment, or of the environment of an override workflow.

    An approval that is neither tells the gate nothing. `received_at` is when GitHub told of it
    first, where that is known. Gives the requests to look at.
    """
    named = parse_override_title(seen.title)
    due: dict[RequestId, None] = {}
    for environment in seen.environments:
        if named is None:
            due |= dict.fromkeys(_record_own_review(tx, seen, received_at, environment, deps))
        else:
            due |= dict.fromkeys(
                _record_override_run(tx, seen, environment, named, deps, received_at=received_at)
            )
    return tuple(due)


def _record_own_review(
    tx: Transaction,
    seen: ReviewSubmitted,
    received_at: datetime | None,
    environment: str,
    deps: Deps,
) -> list[RequestId]:
    """Record the review of an environment of the run itself.

    It may come before the gate's own webhook, and is then kept for the request to come. Whoever
    says nothing has answered GitHub's question and not asked for an override.
    """
    key = RequestKey(
        seen.repository.id, seen.run_id, seen.run_attempt, environment_key(environment)
    )
    request = requests.find_request(tx, key)
    if request is not None and not request.is_undecided:
        return []
    claim = _review_claim(seen, OverrideChannel.REVIEW, environment, received_at)
    if claim.is_silent_review:
        return []
    too_many = _too_many(tx, key, seen.reviewer)
    if too_many is not None:
        said = _Said(seen.run_id, seen.reviewer.login, claim.rationale)
        _refuse(tx, seen.repository, said, too_many, deps)
        return []
    return _record(tx, key, RecordedClaim(claim), request, deps)


def _record_override_run(
    tx: Transaction,
    seen: ReviewSubmitted,
    environment: str,
    named: RunReference | CommandProblem,
    deps: Deps,
    *,
    received_at: datetime | None,
) -> list[RequestId]:
    """Bind the approval of an override workflow's run to the one held run that it names."""
    bound: GateRequest | Unbound
    if isinstance(named, CommandProblem):
        bound = Unbound("malformed", named.detail)
    elif not is_override_run(seen):
        bound = Unbound("override_run_untrusted", "the workflow must run on the default branch")
    else:
        bound = _bind(tx, named, seen.repository, seen.url, environment)
    if not isinstance(bound, Unbound):
        bound = _too_many(tx, bound.key, seen.reviewer) or bound
    if isinstance(bound, Unbound):
        said = _Said(seen.run_id, seen.reviewer.login, cap_rationale(seen.comment))
        _refuse(tx, seen.repository, said, bound, deps)
        return []
    recorded = RecordedClaim(_override_claim(seen, received_at, environment, bound))
    return _record(tx, bound.key, recorded, bound, deps)


def withdraw_claims(tx: Transaction, seen: CommentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Take back what a comment said: nobody can tell any more what stood there.

    What bots and Apps write is no claim, and leaves nothing to take back.
    """
    if not seen.is_person:
        return ()
    now = deps.clock()
    due: list[RequestId] = []
    for key in claims.withdraw_comment(
        tx, seen.repository.id, seen.comment_id, seen.issue_number, now
    ):
        request = requests.find_request(tx, key)
        if request is None:
            continue
        detail: dict[str, object] = {"comment_id": seen.comment_id, "url": seen.url}
        record_audit(tx, request_entry(request, "override.withdrawn", now, detail=detail))
        due.append(request.id)
    requests.wake_requests(tx, due, now)
    return tuple(due)


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
    return _bind(tx, asked.command.run, repository, asked.given.url)


def record_override_command(
    tx: Transaction, asked: OverrideGiven, deps: Deps
) -> Unbound | tuple[RequestId, ...]:
    """Record a claim on the held run that a comment names; give the requests to look at.

    What can be no claim is put on record as refused, and given with what is wrong.
    """
    given, repository = asked.given, asked.repository
    request = request_meant(tx, asked)
    if not isinstance(request, Unbound):
        request = _too_many(tx, request.key, given.person) or request
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
    return tuple(_record(tx, request.key, recorded, request, deps))


def refuse_override(
    tx: Transaction, asked: OverrideGiven, why: Unbound, deps: Deps, *, most: int | None = None
) -> None:
    """Put on record that a comment releases nothing, with up to `most` characters of it."""
    rationale = asked.command.rationale[:most]
    said = _Said(asked.command.run.run_id, asked.given.person.login, rationale)
    _refuse(tx, asked.repository, said, why, deps)


def _bind(
    tx: Snapshot,
    named: RunReference,
    repository: Repository,
    said_at: str,
    environment: str | None = None,
) -> GateRequest | Unbound:
    """Find the held request that is meant, among this repository's; `said_at` is the page."""
    held = requests.undecided_requests(tx, repository.id)
    host, full_name = urlsplit(said_at).netloc, repository.full_name
    return bind(named, held, host=host, full_name=full_name, environment=environment)


def _too_many(tx: Snapshot, key: RequestKey, person: Account) -> Unbound | None:
    """Say that a request has all the claims that it may have; each decision repeats them."""
    said = claims.read_claims(tx, key)
    of_person = sum(it.claim.person.id == person.id for it in said)
    if of_person < MOST_OF_A_PERSON and len(said) < MOST_OF_A_REQUEST:
        return None
    detail = "this run already has too many overrides; start a new run"
    return Unbound("too_many_claims", detail)


def _review_claim(
    seen: ReviewSubmitted,
    channel: OverrideChannel,
    environment: str,
    received_at: datetime | None,
) -> OverrideClaim:
    return OverrideClaim(
        key=(
            f"{channel}/{seen.repository.id}/{seen.run_id}/{seen.run_attempt}"
            f"/{environment_key(environment)}/{seen.reviewer.id}/{seen.at:%Y%m%dT%H%M%S}"
        ),
        channel=channel,
        person=seen.reviewer,
        is_person=seen.is_person,
        rationale=cap_rationale(seen.comment),
        given_at=seen.at,
        run_id=seen.run_id,
        run_attempt=seen.run_attempt,
        head_sha=seen.head_sha,
        environment=environment,
        url=seen.url,
        received_at=received_at,
    )


def _override_claim(
    seen: ReviewSubmitted, received_at: datetime | None, environment: str, request: GateRequest
) -> OverrideClaim:
    """Make the claim of an override workflow's run, about the run that it is for."""
    return replace(
        _review_claim(seen, OverrideChannel.ENVIRONMENT, environment, received_at),
        run_id=request.key.run_id,
        run_attempt=request.key.run_attempt,
        head_sha=request.head_sha,
    )


def _record(
    tx: Transaction,
    key: RequestKey,
    recorded: RecordedClaim,
    request: GateRequest | None,
    deps: Deps,
) -> list[RequestId]:
    """Keep a claim, put it on record as it was said, and wake its request.

    Without a request yet it may be about an environment that the gate knows nothing of.
    """
    now = deps.clock()
    claim = recorded.claim
    if not claims.record_claim(tx, key, recorded, now) or request is None:
        return []
    kind, actor, detail = "override.requested", claim.person.login, claim_detail(claim)
    record_audit(tx, request_entry(request, kind, now, actor=actor, detail=detail))
    requests.wake_requests(tx, [request.id], now)
    return [request.id]


def _refuse(
    tx: Transaction,
    repository: Repository,
    said: _Said,
    why: Unbound,
    deps: Deps,
) -> None:
    """Put on record that somebody asked for the release of what is not held, or not here."""
    entry = AuditEntry(
        at=deps.clock(),
        installation_id=repository.installation_id,
        repository_id=repository.id,
        run_id=said.run_id,
        run_attempt=None,
        environment=None,
        kind="override.refused",
        actor=said.login,
        reason=why.reason,
        detail={"detail": why.detail, "rationale": said.rationale},
    )
    record_audit(tx, entry)
