"""Hold everything that one decision may rely on, read in one snapshot.

A `Facts` value is recorded with the decision it led to, so that `gate replay` can decide again. It
therefore carries the few runs that can matter, not a repository's history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.overrides import OverrideClaim, Standing
from gate.domain.model.reports import ValidationReport
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun


@dataclass(frozen=True, slots=True)
class Behind:
    """How many newer runs of the same workflow and branch wait for their turn or were cancelled.

    Runs that have begun are none of them: those at the gate are held by themselves.
    """

    waiting: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """Count them all."""
        return self.waiting + self.cancelled


NOBODY: Final = Behind()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one gate request.

    `validations` and `infrastructure` are sightings of the runs that the policy names; which of
    them counts is decided in `gate.domain.evidence.judge`. All infrastructure runs that began since
    `infrastructure_since` are known; None means all that there were. `unavailable` says, in plain
    words, which needed fact GitHub would not give; None means that nothing needed is missing.
    `claims` are what
    people said to release the run, `standings` whether they may, as looked up in this very pass.
    `triggered_by` are those who started the run attempt; None when that is not known. `reports` are
    those of the run that counts and of the one before it, where their jobs have reported. `behind`
    counts the newer runs that the request keeps from deploying; it decides nothing. `gated` names
    the validations that are not over and wait at this environment's gate themselves.
    """

    request: GateRequest
    default_branch: str
    validations: tuple[WorkflowRun, ...]
    infrastructure: tuple[WorkflowRun, ...]
    infrastructure_since: datetime | None = None
    unavailable: str | None = None
    claims: tuple[OverrideClaim, ...] = ()
    standings: tuple[Standing, ...] = ()
    triggered_by: tuple[AccountId, ...] | None = None
    reports: tuple[ValidationReport, ...] = ()
    behind: Behind = NOBODY
    gated: tuple[RunId, ...] = ()
