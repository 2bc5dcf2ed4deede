"""Read pull requests, of which only the policy they propose is of interest."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import Sha
from gate.domain.model.policy_checks import PullRequest
from gate.githubapp.app.repository import RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.shapes.fields import Id, Name
from gate.githubapp.transport.decoding import decoded

_PULL_REQUESTS: Final = (("pull_requests", "read"),)
_OPEN: Final = "open"


class TipShape(msgspec.Struct):
    """A branch of a pull request, and its newest commit."""

    ref: Name
    sha: Name


class PullRequestShape(msgspec.Struct):
    """A pull request as REST shows it."""

    number: Id
    state: str
    head: TipShape
    base: TipShape


_pull_request: Final = msgspec.json.Decoder(PullRequestShape)


class PullRequestsClient:
    """Pull requests."""

    def __init__(self, session: Session) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session

    def read_pull_request(self, address: RepositoryAddress, number: int) -> PullRequest | None:
        """Read a pull request as it is now; None when there is none to be seen."""
        calls = RepositoryCalls.to(address, _PULL_REQUESTS, self._session)
        answer = calls.find(f"/pulls/{number}")
        if answer is None:
            return None
        shape = decoded(answer, _pull_request)
        return PullRequest(
            number=shape.number,
            head_sha=Sha(shape.head.sha),
            base_branch=shape.base.ref,
            base_sha=Sha(shape.base.sha),
            is_open=shape.state == _OPEN,
        )
