"""Write check runs: what the gate says of a commit before it is merged."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import Sha
from gate.domain.model.policy_checks import Annotation, CheckRun
from gate.githubapp.app.client import AppClient
from gate.githubapp.app.repository import RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import segment

CHECK_NAME: Final = "Deployment Gate policy"
"""The name of the check: branch rules refer to it."""

_CHECKS: Final = (("checks", "write"),)
_FAILURE: Final = "failure"
_PAGE: Final = 100


class CheckRunShape(msgspec.Struct):
    """A check run in a listing; `external_id` is what its App wrote there."""

    external_id: str | None = None


class CheckRunsPage(msgspec.Struct):
    """A page of the check runs of a commit."""

    check_runs: list[CheckRunShape]


_check_runs: Final = msgspec.json.Decoder(CheckRunsPage)


class ChecksClient:
    """The check runs of this App."""

    def __init__(self, session: Session, app: AppClient) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session
        self._app = app

    def read_is_written(self, address: RepositoryAddress, head_sha: Sha, external_id: str) -> bool:
        """Return whether a check run of this App stands at a commit already.

        Only the newest 100 of the name are looked at: a try that came just before is among them.
        """
        query = {
            "app_id": self._app.own_id(),
            "check_name": CHECK_NAME,
            "filter": "all",
            "per_page": _PAGE,
        }
        path = f"/commits/{segment(head_sha)}/check-runs?{urlencode(query)}"
        answer = self._calls(address).read(path)
        return any(it.external_id == external_id for it in decoded(answer, _check_runs).check_runs)

    def send_check_run(
        self, address: RepositoryAddress, run: CheckRun, *, is_timely: Callable[[], bool]
    ) -> None:
        """Write a check run that has ended; whoever looks at the commit sees the newest."""
        sent: dict[str, object] = {
            "name": CHECK_NAME,
            "head_sha": run.head_sha,
            "external_id": run.external_id,
            "status": "completed",
            "conclusion": run.conclusion.value,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "annotations": [_annotation(it) for it in run.annotations],
            },
        }
        self._calls(address).send(
            "POST", "/check-runs", sent, HTTPStatus.CREATED, is_timely=is_timely
        )

    def _calls(self, address: RepositoryAddress) -> RepositoryCalls:
        return RepositoryCalls.to(address, _CHECKS, self._session)


def _annotation(it: Annotation) -> dict[str, object]:
    return {
        "path": it.path,
        "start_line": it.line,
        "end_line": it.line,
        "start_column": it.column,
        "end_column": it.column,
        "annotation_level": _FAILURE,
        "title": it.title,
        "message": it.message,
    }
