"""Judge what it means that GitHub asks: a new request, one more job, or nothing.

Pure. Storing it is `gate.store.requests.opening`.
"""

from __future__ import annotations

from enum import StrEnum

from gate.domain.model.ids import DeploymentId
from gate.domain.model.request import CLOSED_WITHOUT_US, GateRequest


class Opening(StrEnum):
    """What it means that GitHub asks."""

    NEW = "new"
    JOINED = "joined"
    REOPENED = "reopened"
    KNOWN = "known"


def judge_opening(request: GateRequest, deployment_id: DeploymentId | None) -> Opening:
    """Return what it means that GitHub asks again about a request that there is.

    A closed request that did not know the deployment opens again for one more round: the answer
    given did not cover it. Without a deployment id GitHub was seen waiting: nothing is joined then,
    but a request that was closed without our answer opens again, since it was closed wrongly.
    """
    if deployment_id is not None:
        is_known = deployment_id in request.deployment_ids
    else:
        is_known = request.state not in CLOSED_WITHOUT_US
    if is_known:
        return Opening.KNOWN
    return Opening.JOINED if request.is_undecided else Opening.REOPENED
