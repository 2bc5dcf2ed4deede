"""Turn what reviewers and commenters say into claims on the requests they mean.

A claim is kept as it was said, before anybody judges it: whether it releases anything is decided in
the pass that looks at its request. What names no held request is refused here, on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gate.domain.comments.binding import Unbound, bind
from gate.domain.comments.run_reference import RunReference
from gate.domain.model.deliveries import CommentSeen, Repository
from gate.domain.model.ids import RequestId, RequestKey, RunId
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import Account
from gate.reconciler.deps import Deps
from gate.reconciler.overrides.record import claim_detail
from gate.reconciler.trail import repository_entry, request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Snapshot, Transaction
from gate.store.requests import claims, requests, waking
from gate.store.requests.claims import RecordedClaim

MOST_OF_A_PERSON: Final = 20
"""Claims of one person on one request; each decision of the request repeats them all."""

MOST_OF_A_REQUEST: Final = 100


@dataclass(frozen=True, slots=True)
class OverrideAttempt:
    """Who said what about which run, for the record."""

    run_id: RunId
    login: str
    rationale: str


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
    waking.wake_requests(tx, due, now)
    return tuple(due)


def bind_run(
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


def find_excess(tx: Snapshot, key: RequestKey, person: Account) -> Unbound | None:
    """Return why a request takes no more claims (decisions repeat them); None while it does."""
    said = claims.read_claims(tx, key)
    of_person = sum(it.claim.person.id == person.id for it in said)
    if of_person < MOST_OF_A_PERSON and len(said) < MOST_OF_A_REQUEST:
        return None
    detail = "this run already has too many overrides; start a new run"
    return Unbound("too_many_claims", detail)


def record_claim_of(
    tx: Transaction,
    key: RequestKey,
    recorded: RecordedClaim,
    request: GateRequest | None,
    deps: Deps,
) -> list[RequestId]:
    """Store a claim, put it on record as it was said, and wake its request.

    Without a request yet it may be about an environment that the gate knows nothing of.
    """
    now = deps.clock()
    claim = recorded.claim
    if not claims.record_claim(tx, key, recorded, now) or request is None:
        return []
    kind, actor, detail = "override.requested", claim.person.login, claim_detail(claim)
    record_audit(tx, request_entry(request, kind, now, actor=actor, detail=detail))
    waking.wake_requests(tx, [request.id], now)
    return [request.id]


def refuse_claim(
    tx: Transaction,
    repository: Repository,
    said: OverrideAttempt,
    why: Unbound,
    deps: Deps,
) -> None:
    """Put on record that somebody asked for the release of what is not held, or not here."""
    entry = repository_entry(
        repository,
        "override.refused",
        deps.clock(),
        run_id=said.run_id,
        actor=said.login,
        reason=why.reason,
        detail={"detail": why.detail, "rationale": said.rationale},
    )
    record_audit(tx, entry)
