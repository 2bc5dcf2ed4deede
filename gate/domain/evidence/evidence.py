"""Describe what a validation shows: the value that verdicts, comments and incidents rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.evidence.comparison import Comparison
from gate.domain.evidence.jobs import Beginning
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import WorkflowRun


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the validation shows: its state, the run that shows it, and why in plain words.

    `detail` may quote text that others wrote (job names, conclusions); whoever shows it must
    neutralize it. `stale_at` is the first instant at which a successful run is too old, and is set
    for one that passed, covers too little, is too old, or is red by its report only.
    `infrastructure` is the infrastructure run that the validation has to come after. `beginning`
    is when the oldest job that counts began, of a successful run whose jobs are known well enough.

    `report` is what the run's job said, hostile text, and `comparison` holds it against the report
    before it; both are None without one. `worsened_at` is when a report made a green run worse;
    None where no report did.
    """

    state: ValidationState
    run: WorkflowRun | None
    detail: str
    stale_at: datetime | None = None
    infrastructure: WorkflowRun | None = None
    beginning: Beginning | None = None
    report: ValidationReport | None = None
    comparison: Comparison | None = None
    worsened_at: datetime | None = None
