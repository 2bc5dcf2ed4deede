"""Pull requests, as far as an App that checks them sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gate.simulator.state.accounts import Account


@dataclass(slots=True)
class PullRequest:
    """A pull request; `fork` is the full name of the repository its branch is in, if another.

    The commits of a fork can be read in the repository that it was forked from.
    """

    id: int
    number: int
    title: str
    author: Account
    head_branch: str
    head_sha: str
    base_branch: str
    created_at: datetime
    updated_at: datetime
    fork: str | None = None
    state: Literal["open", "closed"] = "open"
    merged: bool = False
