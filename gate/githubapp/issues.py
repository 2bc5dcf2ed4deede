"""Open and keep the issues in which people follow incidents, and talk to people under issues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from gate.domain.model.github import IssuePage, RepositoryAddress
from gate.domain.model.ids import CommentId
from gate.errors import OutcomeUnknown, RetryLater
from gate.githubapp.app.client import AppClient
from gate.githubapp.app.repository import RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.shapes.accounts import PersonShape
from gate.githubapp.shapes.fields import Id
from gate.githubapp.transport.decoding import decoded

_ISSUES: Final = (("issues", "write"),)
_PAGE: Final = 100


class WrittenCommentShape(msgspec.Struct):
    """What stands in a comment, in a listing."""

    body: str | None = None


class AppRefShape(msgspec.Struct):
    """The App through which something was written."""

    id: Id


class IssuePageShape(msgspec.Struct):
    """An issue as REST shows it; a pull request is listed among them."""

    number: Id
    html_url: str
    user: PersonShape | None = None
    body: str | None = None
    performed_via_github_app: AppRefShape | None = None
    pull_request: object = None


_issue: Final = msgspec.json.Decoder(IssuePageShape)
_issues: Final = msgspec.json.Decoder(list[IssuePageShape])
_comments: Final = msgspec.json.Decoder(list[WrittenCommentShape])


class IssuesClient:
    """Issues, the comments under them, and reactions to comments."""

    def __init__(self, session: Session, app: AppClient) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session
        self._app = app

    def read_marked_issue(
        self, address: RepositoryAddress, mark: str, since: datetime
    ) -> IssuePage | None:
        """Find the issue of this App whose text has a mark, among those changed since a moment.

        Anybody may copy a mark into an issue of their own, so that only a bot's counts, written
        through this App; while its numeric id is not known, through any. The oldest counts.
        """
        query = {"state": "all", "since": _formatted(since), "sort": "created", "per_page": _PAGE}
        found: IssuePage | None = None
        for page in self._calls(address).pages(f"/issues?{urlencode(query)}", _issues):
            for shape in page:
                if _is_ours(shape, self._app.known_id) and mark in (shape.body or ""):
                    found = IssuePage(shape.number, shape.html_url)
        return found

    def read_issue_text(self, address: RepositoryAddress, issue_number: int) -> str:
        """Read what an issue says now; people may have changed it."""
        answer = self._calls(address).read(f"/issues/{issue_number}")
        return decoded(answer, _issue).body or ""

    def read_comments(
        self, address: RepositoryAddress, issue_number: int, since: datetime
    ) -> tuple[str, ...]:
        """Read what was written under an issue since a moment."""
        query = f"since={_formatted(since)}&per_page={_PAGE}"
        path = f"/issues/{issue_number}/comments?{query}"
        pages = self._calls(address).pages(path, _comments)
        return tuple(it.body or "" for page in pages for it in page)

    def send_issue(
        self,
        address: RepositoryAddress,
        *,
        title: str,
        body: str,
        labels: Sequence[str],
        is_timely: Callable[[], bool],
    ) -> IssuePage:
        """Open an issue; GitHub makes the labels that the repository does not have."""
        sent = {"title": title, "body": body, "labels": list(labels)}
        answer = self._calls(address).send(
            "POST", "/issues", sent, HTTPStatus.CREATED, is_timely=is_timely
        )
        try:
            shape = decoded(answer, _issue)
        except RetryLater as error:
            # It was created, and its number is lost.
            raise OutcomeUnknown("outcome_unknown", error.detail) from error
        return IssuePage(shape.number, shape.html_url)

    def send_issue_update(
        self,
        address: RepositoryAddress,
        issue_number: int,
        *,
        title: str,
        body: str,
        is_open: bool,
        is_timely: Callable[[], bool],
    ) -> None:
        """Change an issue, close it or open it again; the same again does nothing."""
        sent = {"title": title, "body": body, "state": "open" if is_open else "closed"}
        if not is_open:
            sent["state_reason"] = "completed"
        path = f"/issues/{issue_number}"
        self._calls(address).send("PATCH", path, sent, HTTPStatus.OK, is_timely=is_timely)

    def send_comment(
        self,
        address: RepositoryAddress,
        issue_number: int,
        text: str,
        *,
        is_timely: Callable[[], bool],
    ) -> None:
        """Comment on an issue."""
        path, sent = f"/issues/{issue_number}/comments", {"body": text}
        self._calls(address).send("POST", path, sent, HTTPStatus.CREATED, is_timely=is_timely)

    def send_reaction(
        self,
        address: RepositoryAddress,
        comment_id: CommentId,
        content: str,
        *,
        is_timely: Callable[[], bool],
    ) -> None:
        """React to a comment; the same reaction again does nothing."""
        path, sent = f"/issues/comments/{comment_id}/reactions", {"content": content}
        self._calls(address).send(
            "POST", path, sent, HTTPStatus.CREATED, HTTPStatus.OK, is_timely=is_timely
        )

    def _calls(self, address: RepositoryAddress) -> RepositoryCalls:
        return RepositoryCalls.to(address, _ISSUES, self._session)


def _formatted(moment: datetime) -> str:
    """Format a moment as GitHub's queries take it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _is_ours(shape: IssuePageShape, app_id: int | None) -> bool:
    via = shape.performed_via_github_app
    if shape.pull_request is not None or shape.user is None or shape.user.is_person or via is None:
        return False
    return app_id is None or via.id == app_id
