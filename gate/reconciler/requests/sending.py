"""Make the call of one effect, in time or not at all.

What is written before and after it is `gate.reconciler.requests.dispatch`.
"""

from __future__ import annotations

from typing import assert_never

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ledger import Effect, EffectKind
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.reconciler.deadlines import LONGEST_CALL, within
from gate.reconciler.deps import LEASE, SEND_WITHIN, Deps
from gate.reconciler.ports import IsTimely
from gate.reconciler.requests.snapshot import Passed


def send_effect(effect: Effect, passed: Passed, deps: Deps) -> GateError | None:
    """Make the call; every way in which it can end is a value."""
    request = passed.view.request
    address = passed.view.repository.address
    run_id, environment = request.key.run_id, request.environment
    # The commit that decided has renewed the lease.
    is_leased = within(LEASE - LONGEST_CALL, passed.view.began, deps)
    try:
        match effect.kind:
            case EffectKind.REVIEW if effect.state is not None:
                deps.github.deployments.send_review(
                    address,
                    run_id,
                    environment,
                    effect.state,
                    effect.comment,
                    is_timely=within(SEND_WITHIN, passed.view.began, deps),
                )
            case EffectKind.REVIEW | EffectKind.REPORT:
                deps.github.deployments.send_report(
                    address, run_id, environment, effect.comment, is_timely=is_leased
                )
            case EffectKind.STATUS:
                _send_status(effect, address, is_leased, deps)
            case _:
                assert_never(effect.kind)
    except (RetryLater, OutcomeUnknown, Refused) as error:
        return error
    return None


def _send_status(
    effect: Effect, address: RepositoryAddress, is_timely: IsTimely, deps: Deps
) -> None:
    """Add the status that tells of an override to a deployment's history."""
    if effect.deployment_id is None or effect.mirrored is None or effect.log_url is None:
        msg = f"effect {effect.key} names no deployment"
        raise LookupError(msg)
    deps.github.deployments.send_deployment_status(
        address,
        effect.deployment_id,
        state=effect.mirrored,
        description=effect.comment,
        log_url=effect.log_url,
        is_timely=is_timely,
    )
