"""Open the issues in which people follow incidents, find them again, and keep them up to date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from gate.domain.model.github import IssuePage, RepositoryAddress
from gate.errors import OutcomeUnknown, RetryLater
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes import IssuePageShape
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path
from gate.githubapp.transport.transport import Transport, decoded

_ISSUES: Final = (("issues", "write"),)
_PAGE: Final = 100

_issue: Final = msgspec.json.Decoder(IssuePageShape)
_issues: Final = msgspec.json.Decoder(list[IssuePageShape])


def read_marked_issue(
    transport: Transport,
    address: RepositoryAddress,
    *,
    mark: str,
    since: datetime,
    app_id: int | None,
) -> IssuePage | None:
    """Find the issue of this App whose text has a mark, among those changed since a moment.

    Anybody may copy a mark into an issue of their own, so that only a bot's counts, written through
    this App; without a numeric `app_id`, through any. The oldest counts.
    """
    moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    query = {"state": "all", "since": moment, "sort": "created", "per_page": str(_PAGE)}
    path = repository_path(address.full_name, f"/issues?{urlencode(query)}")
    ask = partial(transport.call, _scope(address), "GET")
    found: IssuePage | None = None
    for answer in transport.pages(ask, path):
        for shape in decoded(answer, _issues):
            if _is_ours(shape, app_id) and mark in (shape.body or ""):
                found = IssuePage(shape.number, shape.html_url)
    return found


def read_issue_text(transport: Transport, address: RepositoryAddress, issue_number: int) -> str:
    """Read what an issue says now; people may have changed it."""
    path = repository_path(address.full_name, f"/issues/{issue_number}")
    answer = transport.call(_scope(address), "GET", path)
    return decoded(answer, _issue).body or ""


def _is_ours(shape: IssuePageShape, app_id: int | None) -> bool:
    via = shape.performed_via_github_app
    if shape.pull_request is not None or shape.user is None or shape.user.is_person or via is None:
        return False
    return app_id is None or via.id == app_id


def send_issue(
    transport: Transport,
    address: RepositoryAddress,
    *,
    title: str,
    body: str,
    labels: Sequence[str],
) -> IssuePage:
    """Open an issue; GitHub makes the labels that the repository does not have."""
    path = repository_path(address.full_name, "/issues")
    sent = {"title": title, "body": body, "labels": list(labels)}
    answer = transport.call(_scope(address), "POST", path, body=sent)
    _check(answer, HTTPStatus.CREATED)
    try:
        shape = decoded(answer, _issue)
    except RetryLater as error:
        # It was created, and its number is lost.
        raise OutcomeUnknown("outcome_unknown", error.detail) from error
    return IssuePage(shape.number, shape.html_url)


def send_issue_update(
    transport: Transport,
    address: RepositoryAddress,
    issue_number: int,
    *,
    title: str,
    body: str,
    is_open: bool,
) -> None:
    """Change an issue, close it or open it again; the same again does nothing."""
    path = repository_path(address.full_name, f"/issues/{issue_number}")
    sent = {"title": title, "body": body, "state": "open" if is_open else "closed"}
    if not is_open:
        sent["state_reason"] = "completed"
    answer = transport.call(_scope(address), "PATCH", path, body=sent)
    _check(answer, HTTPStatus.OK)


def _scope(address: RepositoryAddress) -> Scope:
    return Scope(address.installation_id, address.repository_id, permissions=_ISSUES)


def _check(answer: Answer, expected: HTTPStatus) -> None:
    """Take any other success for an unknown outcome: it is not documented."""
    if answer.status != expected:
        raise OutcomeUnknown("outcome_unknown", f"status {answer.status} is not documented")
