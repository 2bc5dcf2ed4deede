"""Find what a validation leaves uncovered of what is deployed.

Pure. What a policy asks for by `covers`; see docs/explanation/evidence.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gate.domain.model.ids import Sha
from gate.domain.model.policy.policy import Covers, ValidationRule
from gate.domain.model.runs import WorkflowRun


@dataclass(frozen=True, slots=True)
class Changes:
    """The infrastructure run that ended last, or has not, and since when all of them are known.

    `since` is None when GitHub listed every run there ever was.
    """

    last: WorkflowRun | None
    since: datetime | None


def find_uncovered(
    rule: ValidationRule, validated: Sha, began: datetime, changes: Changes, deployed: Sha
) -> str | None:
    """Return what a validation of this commit that began then does not cover; None: nothing.

    It must have begun after the end of every infrastructure run. An infrastructure workflow of
    which no run is known covers nothing: the name may be misspelled, and silence must not open.
    """
    match rule.covers:
        case Covers.LATEST:
            return None
        case Covers.SAME_COMMIT:
            if validated == deployed:
                return None
            return f"it validated commit {validated[:7]}, but this deploys {deployed[:7]}"
        case Covers.INFRASTRUCTURE:
            return _find_change(rule, began, changes)
        case _:
            assert_never(rule.covers)


def _find_change(rule: ValidationRule, began: datetime, changes: Changes) -> str | None:
    last = changes.last
    if last is None:
        return f"GitHub lists no run of {rule.infrastructure_workflow}"
    if not last.is_completed:
        stands = last.status.replace("_", " ")
        return f"infrastructure run {last.run_id} is {stands} and may still change production"
    if changes.since is not None and began < changes.since:
        return f"GitHub does not list all runs of {rule.infrastructure_workflow} since then"
    if began > last.updated_at:
        return None
    return f"it started before infrastructure run {last.run_id} ({last.conclusion}) had finished"
