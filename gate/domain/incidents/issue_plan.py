"""Say what an incident's issue still lacks: to be opened, a comment, other words, to be closed.

Pure. What the issue has to be is compared with what GitHub was given last, so it does not matter
which news came, in which order or how often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gate.domain.incidents.issue import IssueText
from gate.domain.incidents.remarks import CLOSED_BY_HAND, Remark

OPENING: Final = "open"
"""The name of the step that opens an issue; others are named by what they say."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What GitHub has of an incident's issue, as far as is known.

    `number` is None until there is one. `digest` is of the text that was sent last, `told` the
    position of the last event that a comment was made about. `owes_closing` says that somebody has
    closed it by hand and was not answered yet.
    """

    number: int | None = None
    digest: str | None = None
    is_open: bool = True
    told: int = 0
    owes_closing: bool = False


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """There is no issue yet."""

    text: IssueText
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name the step, to find out later whether it was made."""
        return OPENING


@dataclass(frozen=True, slots=True)
class AddRemark:
    """People who follow the issue are to hear of something."""

    remark: Remark

    @property
    def name(self) -> str:
        """Name the step by its topic."""
        return f"event/{self.remark.position}"


@dataclass(frozen=True, slots=True)
class AnswerClosing:
    """Somebody has closed the issue by hand, which ends nothing."""

    body: str

    @property
    def name(self) -> str:
        """Name the step by its topic."""
        return CLOSED_BY_HAND


@dataclass(frozen=True, slots=True)
class UpdateIssue:
    """The issue says or is something else than it should."""

    text: IssueText

    @property
    def name(self) -> str:
        """Name the step; making it twice does no harm."""
        return "update"


IssueStep = OpenIssue | AddRemark | AnswerClosing | UpdateIssue


def digest_of(text: IssueText) -> str:
    """Name what an issue says, to see whether it was sent."""
    return sha256(f"{text.title}\n{text.body}".encode("utf-8", "surrogatepass")).hexdigest()


def plan_step(
    followed: Followed,
    text: IssueText,
    remark: Remark | None,
    closing: str,
    *,
    labels: Sequence[str],
    is_wanted: bool,
) -> IssueStep | None:
    """Give the next step; None when the issue is as it should be.

    No issue is opened for an incident that is over. Comments come before the change that they
    announce, since an issue that is closed is not looked at any more.
    """
    if followed.number is None:
        return OpenIssue(text, tuple(labels)) if is_wanted and text.is_open else None
    if remark is not None:
        return AddRemark(remark)
    if followed.owes_closing and text.is_open:
        return AnswerClosing(closing)
    if followed.digest != digest_of(text) or followed.is_open != text.is_open:
        return UpdateIssue(text)
    return None
