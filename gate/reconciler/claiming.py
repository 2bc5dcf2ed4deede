"""Turn what reviewers and commenters say into claims on the requests they mean.

A claim is kept as it was said, before anybody judges it: whether it releases anything is decided in
the pass that looks at its request. What names no held request is refused here, on record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from gate.domain.binding import Unbound, bind, is_override_run
from gate.domain.commands import (
    CommandProblem,
    OverrideCommand,
    RunReference,
    parse_override_title,
)
from gate.domain.deliveries import CommentSeen, Repository, ReviewSubmitted
from gate.domain.ids import RequestId, RequestKey, RunId, environment_key
from gate.domain.overrides import OverrideChannel, OverrideClaim
from gate.domain.replying import Answering, Reaction, render_problem
from gate.domain.request import GateRequest
from gate.reconciler.answering import CommentPlace, owe_answer
from gate.reconciler.deps import Deps
from gate.reconciler.opening import request_entry
from gate.reconciler.overriding import claim_detail
from gate.store import claims, requests
from gate.store.audit import AuditEntry, record_audit
from gate.store.claims import RecordedClaim
from gate.store.database import Transaction

_FIRST: Final = "1"
"""The topic of the answer that a comment gets when it is read."""


@dataclass(frozen=True, slots=True)
class _Said:
    """Who said what about which run, for the record."""

    run_id: RunId
    login: str
    rationale: str


def record_review(tx: Transaction, seen: ReviewSubmitted, deps: Deps) -> tuple[RequestId, ...]:
    """Record an approval: of a gated environment, or of the environment of an override workflow.

    An approval that is neither tells the gate nothing. Gives the requests to look at.
    """
    named = parse_override_title(seen.title)
    due: dict[RequestId, None] = {}
    for environment in seen.environments:
        if named is None:
            due |= dict.fromkeys(_record_own_review(tx, seen, environment, deps))
        else:
            due |= dict.fromkeys(_record_override_run(tx, seen, environment, named, deps))
    return tuple(due)


def _record_own_review(
    tx: Transaction, seen: ReviewSubmitted, environment: str, deps: Deps
) -> list[RequestId]:
    """Record the review of an environment of the run itself.

    It may come before the gate's own webhook, and is then kept for the request to come.
    """
    key = RequestKey(
        seen.repository.id, seen.run_id, seen.run_attempt, environment_key(environment)
    )
    request = requests.find_request(tx, key)
    if request is not None and not request.is_undecided:
        return []
    claim = _review_claim(seen, OverrideChannel.REVIEW, environment)
    return _record(tx, key, RecordedClaim(claim), request, deps)


def _record_override_run(
    tx: Transaction,
    seen: ReviewSubmitted,
    environment: str,
    named: RunReference | CommandProblem,
    deps: Deps,
) -> list[RequestId]:
    """Bind the approval of an override workflow's run to the one held run that it names."""
    bound: GateRequest | Unbound
    if isinstance(named, CommandProblem):
        bound = Unbound("malformed", named.detail)
    elif not is_override_run(seen):
        bound = Unbound("override_run_untrusted", "the workflow must run on the default branch")
    else:
        bound = _bind(tx, named, seen.repository, seen.url, environment)
    if isinstance(bound, Unbound):
        said = _Said(seen.run_id, seen.reviewer.login, seen.comment)
        _refuse(tx, seen.repository, said, bound, deps)
        return []
    recorded = RecordedClaim(_override_claim(seen, environment, bound))
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


def record_override_command(
    tx: Transaction, seen: CommentSeen, command: OverrideCommand, deps: Deps
) -> tuple[RequestId, ...]:
    """Record a claim on the held run that a comment names. Gives the requests to look at."""
    request = _bind(tx, command.run, seen.repository, seen.url)
    if claims.is_withdrawn(tx, seen.repository.id, seen.comment_id):
        request = Unbound("withdrawn", "the comment was edited or deleted; write a new one")
    if isinstance(request, Unbound):
        said = _Said(command.run.run_id, seen.author.login, command.rationale)
        _refuse(tx, seen.repository, said, request, deps)
        _answer(tx, seen, Answering(Reaction.REFUSED, render_problem(request.detail)), deps)
        return ()
    claim = OverrideClaim(
        key=claims.comment_claim_key(seen.repository.id, seen.comment_id),
        channel=OverrideChannel.COMMENT,
        person=seen.author,
        is_person=seen.is_person,
        rationale=command.rationale,
        given_at=seen.at,
        run_id=request.key.run_id,
        run_attempt=request.key.run_attempt,
        head_sha=request.head_sha,
        environment=request.environment,
        url=seen.url,
    )
    _answer(tx, seen, Answering(Reaction.SEEN), deps)
    recorded = RecordedClaim(claim, seen.comment_id, seen.issue_number)
    return tuple(_record(tx, request.key, recorded, request, deps))


def _bind(
    tx: Transaction,
    named: RunReference,
    repository: Repository,
    said_at: str,
    environment: str | None = None,
) -> GateRequest | Unbound:
    """Find the held request that is meant, among this repository's; `said_at` is the page."""
    held = requests.undecided_requests(tx, repository.id)
    host, full_name = urlsplit(said_at).netloc, repository.full_name
    return bind(named, held, host=host, full_name=full_name, environment=environment)


def _review_claim(
    seen: ReviewSubmitted, channel: OverrideChannel, environment: str
) -> OverrideClaim:
    return OverrideClaim(
        key=(
            f"{channel}/{seen.repository.id}/{seen.run_id}/{seen.run_attempt}"
            f"/{environment_key(environment)}/{seen.reviewer.id}/{seen.at:%Y%m%dT%H%M%S}"
        ),
        channel=channel,
        person=seen.reviewer,
        is_person=seen.is_person,
        rationale=seen.comment,
        given_at=seen.at,
        run_id=seen.run_id,
        run_attempt=seen.run_attempt,
        head_sha=seen.head_sha,
        environment=environment,
        url=seen.url,
    )


def _override_claim(seen: ReviewSubmitted, environment: str, request: GateRequest) -> OverrideClaim:
    """Make the claim of an override workflow's run, about the run that it is for."""
    return replace(
        _review_claim(seen, OverrideChannel.ENVIRONMENT, environment),
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


def _answer(tx: Transaction, seen: CommentSeen, answering: Answering, deps: Deps) -> None:
    """Owe the comment its first answer."""
    place = CommentPlace(seen.repository.id, seen.issue_number, seen.comment_id)
    owe_answer(tx, place, answering, topic=_FIRST, now=deps.clock())
