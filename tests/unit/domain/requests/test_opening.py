"""What it means that GitHub asks about a deployment again."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.model.ids import DeploymentId
from gate.domain.model.request import RequestState
from gate.domain.requests.opening import Opening, judge_opening
from tests.support.builders.requests import make_request

KNOWN: Final = DeploymentId(71)
OTHER: Final = DeploymentId(72)


@pytest.mark.parametrize(
    ("state", "deployment_id", "expected"),
    [
        (RequestState.WAITING, KNOWN, Opening.KNOWN),
        (RequestState.WAITING, OTHER, Opening.JOINED),
        (RequestState.WAITING, None, Opening.KNOWN),
        (RequestState.APPROVED, KNOWN, Opening.KNOWN),
        (RequestState.APPROVED, OTHER, Opening.REOPENED),
        (RequestState.APPROVED, None, Opening.KNOWN),
        (RequestState.RESOLVED_ELSEWHERE, None, Opening.REOPENED),
        (RequestState.RESOLVED_ELSEWHERE, KNOWN, Opening.KNOWN),
    ],
)
def test_github_asks_again(
    state: RequestState, deployment_id: DeploymentId | None, expected: Opening
) -> None:
    """A new job joins or opens again; without a deployment only a wrong end is taken back."""
    request = make_request(state=state, deployment_ids=(KNOWN,))
    assert judge_opening(request, deployment_id) is expected
