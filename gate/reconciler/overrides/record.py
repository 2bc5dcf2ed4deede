"""Put on record what became of people's overrides, with the decision that says so.

The entries are written in the transaction that decides, so an override is on record before anything
is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.domain.comments.replies import Answering, Reaction, render_refused
from gate.domain.model.overrides import OverrideClaim, RefusedClaim
from gate.domain.model.request import GateRequest
from gate.domain.requests.decision import Decision
from gate.reconciler.comments.replies import CommentPlace, owe_answer
from gate.reconciler.incidents.timeline import note_override
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.requests.claims import RecordedClaim


@dataclass(frozen=True, slots=True)
class Ruling:
    """A new decision on a request; `before` is the one that was on record until `now`."""

    request: GateRequest
    decision: Decision
    before: Decision | None
    now: datetime


def record_override(tx: Transaction, ruling: Ruling, said: Sequence[RecordedClaim]) -> None:
    """Record the claims that a new decision rests on, and those it refuses.

    What the decision before refused in the same words is no news.
    """
    decision, before = ruling.decision, ruling.before
    by_key = {recorded.claim.key: recorded for recorded in said}
    for claim in decision.override.claims if decision.override is not None else ():
        _record_accepted(tx, ruling, claim)
        note_override(tx, ruling.request, claim.person.login, claim.rationale, ruling.now)
        _reply(tx, ruling, by_key[claim.key], Answering(Reaction.DONE))
    told = {(it.key, it.codes) for it in before.refused} if before is not None else set()
    for refused in decision.refused:
        if (refused.key, refused.codes) not in told:
            _record_refused(tx, ruling, refused, by_key[refused.key])
            answering = Answering(Reaction.REFUSED, render_refused(refused))
            _reply(tx, ruling, by_key[refused.key], answering)


def claim_detail(claim: OverrideClaim) -> dict[str, object]:
    """Return what a person claimed, in their words, for the audit trail."""
    return {
        "claim": claim.key,
        "channel": claim.channel,
        "person_id": claim.person.id,
        "given_at": claim.given_at,
        "rationale": claim.rationale,
        "url": claim.url,
    }


def _record_accepted(tx: Transaction, ruling: Ruling, claim: OverrideClaim) -> None:
    request, decision = ruling.request, ruling.decision
    run = decision.evidence.run if decision.evidence is not None else None
    detail = claim_detail(claim) | {
        "deployment_ids": request.known_deployments,
        "head_sha": request.head_sha,
        "validation_run_id": run.run_id if run is not None else None,
        "validation_run_attempt": run.run_attempt if run is not None else None,
        "policy_digest": decision.policy_digest,
    }
    hold = decision.reasons[-1].code
    kind, actor = "override.recorded", claim.person.login
    record_audit(
        tx, request_entry(request, kind, ruling.now, actor=actor, reason=hold, detail=detail)
    )


def _record_refused(
    tx: Transaction, ruling: Ruling, refused: RefusedClaim, recorded: RecordedClaim
) -> None:
    refusals = [{"code": it.code, "detail": it.detail} for it in refused.refusals]
    detail = claim_detail(recorded.claim) | {"refusals": refusals}
    kind, actor, first = "override.refused", refused.person.login, refused.codes[0]
    record_audit(
        tx,
        request_entry(ruling.request, kind, ruling.now, actor=actor, reason=first, detail=detail),
    )


def _reply(tx: Transaction, ruling: Ruling, recorded: RecordedClaim, answering: Answering) -> None:
    """Owe an answer to whoever spoke in a comment; others see the status report."""
    if recorded.comment_id is None or recorded.issue_number is None:
        return
    place = CommentPlace(
        ruling.request.key.repository_id, recorded.issue_number, recorded.comment_id
    )
    topic = f"{answering.reaction}/{ruling.now:%Y%m%dT%H%M%S.%f}"
    owe_answer(tx, place, answering, topic=topic, now=ruling.now)
