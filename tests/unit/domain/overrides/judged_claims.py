"""Judge the claims of the default people on the default request."""

from typing import Any

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import AccountId
from gate.domain.model.overrides import (
    OverrideClaim,
    OverrideJudgment,
    Standing,
)
from gate.domain.model.policy.policy import OverridePolicy, ValidationState
from gate.domain.overrides.rule import judge_override
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.requests import make_request
from tests.support.builders.runs import make_account, make_run

FAILED = Evidence(ValidationState.FAILED, make_run(conclusion="failure"), "")
MONA = make_account()
HUBOT = make_claim().person
SECOND = make_account("octocat", id=99)
ALL = tuple(make_standing(person) for person in (MONA, HUBOT, SECOND))
WORDS = "I accept the risk"
REASON = "The checkout is not touched by this."


def judged(
    *claims: OverrideClaim,
    standings: tuple[Standing, ...] = ALL,
    triggered_by: tuple[AccountId, ...] | None = (MONA.id,),
    evidence: Evidence = FAILED,
    **policy: Any,
) -> OverrideJudgment:
    """Judge claims on the default request, which mona started and which failed an hour ago."""
    return judge_override(
        OverridePolicy(**policy),
        claims,
        standings,
        request=make_request(),
        triggered_by=triggered_by,
        evidence=evidence,
    )


def faults(*claims: OverrideClaim, **context: Any) -> list[str]:
    """Name what is wrong with the first refused claim; nothing when none is refused."""
    refused = judged(*claims, **context).refused
    return [code.value for code in refused[0].codes] if refused else []
