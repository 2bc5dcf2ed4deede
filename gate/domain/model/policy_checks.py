"""Describe pull requests, and the check runs by which they are told about their policy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.domain.model.ids import Sha


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub has it now; `head_sha` may be a commit of a fork."""

    number: int
    head_sha: Sha
    base_branch: str
    base_sha: Sha
    is_open: bool


class Conclusion(StrEnum):
    """How a check run ends, by GitHub's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is wrong at a place of a file; line and column are 1-based."""

    path: str
    line: int
    column: int
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What the gate says of one commit; `external_id` finds it again at GitHub.

    `summary` is Markdown. At most 50 annotations: GitHub takes no more at once.
    """

    head_sha: Sha
    external_id: str
    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...]
