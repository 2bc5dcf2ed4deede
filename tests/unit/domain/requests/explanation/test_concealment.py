"""Whose policy is invalid decides who reads what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.model.policy.sources import PolicyBasis, PolicyPlace
from gate.domain.requests.decision import Decision, Reason, ReasonCode
from gate.domain.requests.explanation.concealment import conceal_policy
from tests.support.builders.requests import make_decision

OWN = PolicyPlace("octo/shop/deployment-gate.yml", "a", "")
ORGANIZATION = PolicyPlace("octo/.github/deployment-gate.yml", "b", "")
SERVER = PolicyPlace("built in", "c", "")
OF_OWN = f"{OWN.source}:\nline 1: wrong"
OF_ORGANIZATION = f"{ORGANIZATION.source}:\nline 1: wrong"


def decided(code: ReasonCode, detail: str) -> Decision:
    """Return a hold with one more reason that quotes no policy."""
    other = Reason(ReasonCode.GAVE_UP, "for long")
    return replace(make_decision(), reasons=(Reason(code, detail), other))


@pytest.mark.parametrize(
    ("basis", "detail", "shown"),
    [
        (PolicyBasis(OWN, None, SERVER), OF_OWN, OF_OWN),
        (PolicyBasis(OWN, ORGANIZATION, SERVER), OF_OWN, OF_OWN),
        (PolicyBasis(OWN, ORGANIZATION, SERVER), OF_ORGANIZATION, ""),
        (PolicyBasis(None, ORGANIZATION, SERVER), OF_ORGANIZATION, ""),
        (None, OF_OWN, ""),
    ],
)
def test_problems_of_the_organizations_policy_are_left_out(
    basis: PolicyBasis | None, detail: str, shown: str
) -> None:
    """Also where it is not known whose policy it is."""
    decision = conceal_policy(decided(ReasonCode.POLICY_INVALID, detail), basis)
    assert [it.detail for it in decision.reasons] == [shown, "for long"]


def test_other_reasons_stay() -> None:
    """They quote what people of the repository may read."""
    decision = decided(ReasonCode.VALIDATION_FAILED, OF_ORGANIZATION)
    assert conceal_policy(decision, PolicyBasis(None, ORGANIZATION, SERVER)) == decision
