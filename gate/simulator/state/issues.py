"""Issues, their comments and labels."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gate.simulator.state.accounts import Account


@dataclass(slots=True)
class Comment:
    """A comment on an issue; `app_id` is set when an App wrote it."""

    id: int
    issue_number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    reactions: list[tuple[str, Account]] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str


@dataclass(slots=True)
class Issue:
    """An issue and its comments; `app_id` is set when an App opened it."""

    id: int
    number: int
    title: str
    body: str
    author: Account
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
