"""Turn approvals into claims: of a gated environment, or of an override workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gate.domain.comments.binding import Unbound, is_override_run
from gate.domain.comments.commands import CommandProblem, parse_override_title
from gate.domain.comments.run_reference import RunReference
from gate.domain.model.deliveries import ReviewSubmitted
from gate.domain.model.ids import RequestId, RequestKey, environment_key
from gate.domain.model.overrides import OverrideChannel, OverrideClaim
from gate.domain.model.request import GateRequest
from gate.domain.overrides.rationale import cap_rationale
from gate.reconciler.deps import Deps
from gate.reconciler.overrides.claims import (
    OverrideAttempt,
    bind_run,
    find_excess,
    record_claim_of,
    refuse_claim,
)
from gate.store.engine.database import Transaction
from gate.store.requests import requests
from gate.store.requests.claims import RecordedClaim


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
    too_many = find_excess(tx, key, seen.reviewer)
    if too_many is not None:
        said = OverrideAttempt(seen.run_id, seen.reviewer.login, claim.rationale)
        refuse_claim(tx, seen.repository, said, too_many, deps)
        return []
    return record_claim_of(tx, key, RecordedClaim(claim), request, deps)


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
        bound = bind_run(tx, named, seen.repository, seen.url, environment)
    if not isinstance(bound, Unbound):
        bound = find_excess(tx, bound.key, seen.reviewer) or bound
    if isinstance(bound, Unbound):
        said = OverrideAttempt(seen.run_id, seen.reviewer.login, cap_rationale(seen.comment))
        refuse_claim(tx, seen.repository, said, bound, deps)
        return []
    recorded = RecordedClaim(_override_claim(seen, received_at, environment, bound))
    return record_claim_of(tx, bound.key, recorded, bound, deps)


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
