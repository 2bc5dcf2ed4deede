"""Plan the next step for an incident's issue: open it, comment, update its text, close it.

Pure. It compares what the issue should be with what was sent to GitHub last, so the order and
number of events do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gate.domain.incidents.issue.remarks import CLOSED_BY_HAND, Remark
from gate.domain.incidents.issue.text import IssueText

OPENING: Final = "open"
"""The name of the step that opens an issue; the other steps are named by their content."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What GitHub has of an incident's issue, as far as the gate knows.

    `number` is None until the issue exists. `digest` is of the text that was sent last, `told` is
    the position of the last event that the gate commented on. `owes_closing` is set when a person
    closed the issue and the gate has not answered yet.
    """

    number: int | None = None
    digest: str | None = None
    is_open: bool = True
    told: int = 0
    owes_closing: bool = False


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """Open the issue, which does not exist yet."""

    text: IssueText
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the step's name, to find out later whether it was taken."""
        return OPENING


@dataclass(frozen=True, slots=True)
class AddRemark:
    """Add a comment about an event."""

    remark: Remark

    @property
    def name(self) -> str:
        """Return the step's name, which is its topic."""
        return f"event/{self.remark.position}"


@dataclass(frozen=True, slots=True)
class AnswerClosing:
    """Answer a person who closed the issue, which does not resolve the incident."""

    body: str

    @property
    def name(self) -> str:
        """Return the step's name, which is its topic."""
        return CLOSED_BY_HAND


@dataclass(frozen=True, slots=True)
class UpdateIssue:
    """Change the issue's text, or open or close it."""

    text: IssueText

    @property
    def name(self) -> str:
        """Return the step's name; taking it twice does no harm."""
        return "update"


IssueStep = OpenIssue | AddRemark | AnswerClosing | UpdateIssue


def digest_of(text: IssueText) -> str:
    """Return a digest of an issue's text, to see whether it was sent."""
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
    """Return the next step; None when the issue is as it should be.

    A resolved incident gets no new issue. Comments come before the change that they announce, since
    the gate does not look at a closed issue again.
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
