"""Find the run attempt for which a deployment protection rule was requested.

Pure. The webhook names the run but not the attempt, and a re-run keeps the run id. What is already
known usually settles it; where it does not, the run must be read from GitHub.
"""

from __future__ import annotations

from datetime import datetime

from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.closing import LATE_JOB


def known_attempt(
    run: WorkflowRun | None, request: GateRequest | None, now: datetime
) -> int | None:
    """Return the attempt that asks, or None when GitHub must be asked.

    `run` is the newest attempt known of the run, `request` the gate request of that very attempt
    and environment. A re-run can only start once the attempt before it is over. So an attempt that
    is not known to be over is the one that asks, unless its request has waited, or was answered, a
    while ago: then the news of its end, and of a re-run, may have been lost.
    """
    if run is None or run.is_completed:
        return None
    if request is None:
        return run.run_attempt
    last_news = request.waiting_since if request.is_undecided else request.answered_at
    if last_news is not None and now - last_news < LATE_JOB:
        return run.run_attempt
    return None
