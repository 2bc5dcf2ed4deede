"""What GitHub says of a commit's author, whom it may not know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from gate.domain.model.ids import AccountId
from gate.domain.model.runs import Account
from gate.githubapp.shapes.commits import CommitShape, file_commit_of

BOB: Final = {"id": 7, "login": "bob", "type": "User"}
SAID: Final = {"name": "Bob", "email": "b@example.com", "date": "2026-03-02T14:00:00+02:00"}


def listed(**changes: Any) -> dict[str, Any]:
    """Make a commit of a listing."""
    said = {"author": SAID, "committer": SAID, "message": "Change files"}
    commit = {"sha": "c0ffee", "html_url": "https://github.example/c", "commit": said}
    return commit | {"author": BOB} | changes


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (BOB, Account(AccountId(7), "bob")),
        (None, None),
        ({}, None),
        ({"id": 7}, None),
        ({"login": "bob"}, None),
    ],
)
def test_an_account_is_whole_or_none(author: object, expected: Account | None) -> None:
    """GitHub answers null or an empty object where the e-mail address is nobody's."""
    found = file_commit_of(msgspec.convert(listed(author=author), CommitShape))
    assert found.author == expected
    assert found.name == "Bob"
    assert found.committed_at == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("", ""), ("a\0b", "a\N{REPLACEMENT CHARACTER}b"), ("x" * 9_000, "x" * 200)],
)
def test_a_name_is_whatever_somebody_wrote(name: str, expected: str) -> None:
    """Of any length, and with what no database takes."""
    commit = listed(commit={"author": SAID | {"name": name}})
    assert file_commit_of(msgspec.convert(commit, CommitShape)).name == expected


def test_a_commit_may_name_nobody() -> None:
    """Neither who wrote it nor when."""
    commit = listed(author=None, commit={"author": None, "committer": None})
    found = file_commit_of(msgspec.convert(commit, CommitShape))
    assert (found.author, found.name, found.committed_at) == (None, "", None)
