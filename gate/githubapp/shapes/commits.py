"""Read what REST answers about commits."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import FileCommit
from gate.domain.model.ids import AccountId
from gate.domain.model.runs import Account
from gate.githubapp.shapes.fields import Aware, Id, Name, in_utc, without_nul

_LONGEST_NAME: Final = 200


class GitUserShape(msgspec.Struct):
    """Whoever a commit names, in words of its own."""

    name: str = ""
    date: Aware | None = None

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.date = in_utc(self.date) if self.date is not None else None


class GitCommitShape(msgspec.Struct):
    """What the commit itself says."""

    author: GitUserShape | None = None
    committer: GitUserShape | None = None


class AuthorShape(msgspec.Struct):
    """The account that GitHub found for a commit; an empty object where it found none."""

    id: Id | None = None
    login: Name | None = None


class CommitShape(msgspec.Struct):
    """A commit of a listing."""

    sha: Name
    html_url: str
    commit: GitCommitShape
    author: AuthorShape | None = None


def file_commit_of(shape: CommitShape) -> FileCommit:
    """Return a commit with its author; a name of any length is cut."""
    author, said, committer = shape.author, shape.commit.author, shape.commit.committer
    account = None
    if author is not None and author.id is not None and author.login is not None:
        account = Account(AccountId(author.id), author.login)
    return FileCommit(
        sha=shape.sha,
        url=without_nul(shape.html_url),
        committed_at=committer.date if committer is not None else None,
        author=account,
        name=without_nul(said.name)[:_LONGEST_NAME] if said is not None else "",
    )
