"""Show a decision to people who may not see the policy of the organization that it rests on.

The comment on a deployment quotes of an invalid policy what has room. Whoever reads more than that
must be allowed to see the organization's `.github` repository.
"""

from __future__ import annotations

from dataclasses import replace

from gate.domain.model.policy.sources import PolicyBasis
from gate.domain.requests.decision import Decision, Reason, ReasonCode


def conceal_policy(decision: Decision, basis: PolicyBasis | None) -> Decision:
    """Return a decision without the problems of the organization's policy.

    Where it is not known whose policy is invalid, they are left out too. Everything else stays.
    """
    if basis is not None and basis.organization is None:
        return decision
    return replace(decision, reasons=tuple(_concealed(it, basis) for it in decision.reasons))


def _concealed(reason: Reason, basis: PolicyBasis | None) -> Reason:
    if reason.code is not ReasonCode.POLICY_INVALID:
        return reason
    # The detail begins with the source of the policy that is invalid (`decide`).
    own = basis.repository if basis is not None else None
    is_own = own is not None and reason.detail.startswith(f"{own.source}:\n")
    return reason if is_own else replace(reason, detail="")
