"""Leave notes where people look: in a deployment's history, and under their comments."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec

from gate.domain.model.github import DeploymentStatus, RepositoryAddress
from gate.domain.model.ids import CommentId, DeploymentId
from gate.errors import OutcomeUnknown, Refused
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes import DeploymentStatusShape, WrittenCommentShape
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path
from gate.githubapp.transport.transport import Transport, decoded

_DEPLOYMENTS: Final = (("deployments", "write"),)
_ISSUES: Final = (("issues", "write"),)
_LISTED: Final = 30
_PAGE: Final = 100

_statuses: Final = msgspec.json.Decoder(list[DeploymentStatusShape])
_comments: Final = msgspec.json.Decoder(list[WrittenCommentShape])


def read_deployment_statuses(
    transport: Transport, address: RepositoryAddress, deployment_id: DeploymentId
) -> tuple[DeploymentStatus, ...]:
    """Read the newest statuses of a deployment, newest first; none when it is gone."""
    path = f"/deployments/{deployment_id}/statuses?per_page={_LISTED}"
    try:
        answer = transport.call(
            _scope(address, _DEPLOYMENTS), "GET", repository_path(address.full_name, path)
        )
    except Refused as error:
        if error.reason == "not_found":
            return ()
        raise
    return tuple(
        DeploymentStatus(it.state, it.created_at, it.log_url) for it in decoded(answer, _statuses)
    )


def send_deployment_status(
    transport: Transport,
    address: RepositoryAddress,
    deployment_id: DeploymentId,
    *,
    state: str,
    description: str,
    log_url: str,
) -> None:
    """Add a status to a deployment, and let those of other deployments alone.

    `auto_inactive` is on by default, and would retire the deployments before this one (docs: REST
    API endpoints for deployment statuses).
    """
    body = {
        "state": state,
        "description": description,
        "log_url": log_url,
        "auto_inactive": False,
    }
    path = repository_path(address.full_name, f"/deployments/{deployment_id}/statuses")
    answer = transport.call(_scope(address, _DEPLOYMENTS), "POST", path, body=body)
    _check(answer, HTTPStatus.CREATED)


def read_comments(
    transport: Transport, address: RepositoryAddress, issue_number: int, since: datetime
) -> tuple[str, ...]:
    """Read what was written under an issue since a moment; nothing when the issue is gone."""
    moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    query = f"since={moment}&per_page={_PAGE}"
    path = repository_path(address.full_name, f"/issues/{issue_number}/comments?{query}")
    ask = partial(transport.call, _scope(address, _ISSUES), "GET")
    found: list[str] = []
    for answer in transport.pages(ask, path):
        found += [it.body or "" for it in decoded(answer, _comments)]
    return tuple(found)


def send_comment(
    transport: Transport, address: RepositoryAddress, issue_number: int, text: str
) -> None:
    """Comment on an issue."""
    path = repository_path(address.full_name, f"/issues/{issue_number}/comments")
    answer = transport.call(_scope(address, _ISSUES), "POST", path, body={"body": text})
    _check(answer, HTTPStatus.CREATED)


def send_reaction(
    transport: Transport, address: RepositoryAddress, comment_id: CommentId, content: str
) -> None:
    """React to a comment; the same reaction again does nothing."""
    path = repository_path(address.full_name, f"/issues/comments/{comment_id}/reactions")
    answer = transport.call(_scope(address, _ISSUES), "POST", path, body={"content": content})
    _check(answer, HTTPStatus.CREATED, HTTPStatus.OK)


def _scope(address: RepositoryAddress, permissions: tuple[tuple[str, str], ...]) -> Scope:
    return Scope(address.installation_id, address.repository_id, permissions=permissions)


def _check(answer: Answer, *expected: HTTPStatus) -> None:
    """Take any other success for an unknown outcome: it is not documented."""
    if answer.status not in expected:
        raise OutcomeUnknown("outcome_unknown", f"status {answer.status} is not documented")
