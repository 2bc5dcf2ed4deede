"""Find out whether a step on an incident's issue was made whose outcome nobody knows.

What the gate writes carries a mark that GitHub does not show; so it is found again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.issue.plan import OPENING, Followed
from gate.domain.incidents.issue.remarks import CLOSED_BY_HAND, remark_mark
from gate.domain.incidents.issue.text import mark
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import IncidentId
from gate.errors import RetryLater
from gate.reconciler.deadlines import SEEN_AFTER
from gate.reconciler.deps import Deps

_CLOCKS_APART: Final = timedelta(minutes=5)
_LOOK_AGAIN: Final = timedelta(seconds=10)
_EVENT: Final = "event/"


@dataclass(frozen=True, slots=True)
class BegunStep:
    """A step that was begun, and what GitHub had before it."""

    incident_id: IncidentId
    step: str
    at: datetime
    followed: Followed


def look_up(
    begun: BegunStep, address: RepositoryAddress, deps: Deps
) -> tuple[Followed, str | None]:
    """Return what GitHub has, and the page of an issue that was found.

    Raises RetryLater while it is too early to say that something is not there.
    """
    if begun.step == OPENING:
        return _look_for_issue(begun, address, deps)
    if begun.step == CLOSED_BY_HAND or begun.step.startswith(_EVENT):
        return _look_for_remark(begun, address, deps), None
    # An update does no harm when it is made twice.
    return replace(begun.followed, digest=None), None


def _look_for_issue(
    begun: BegunStep, address: RepositoryAddress, deps: Deps
) -> tuple[Followed, str | None]:
    since = begun.at - _CLOCKS_APART
    page = deps.github.issues.read_marked_issue(address, mark(begun.incident_id), since)
    if page is None:
        _wait_for_listing(begun, deps)
        return begun.followed, None
    # What it says is not compared: the next step writes it again.
    return Followed(page.number, told=begun.followed.told), page.url


def _look_for_remark(begun: BegunStep, address: RepositoryAddress, deps: Deps) -> Followed:
    followed = begun.followed
    own = remark_mark(begun.incident_id, begun.step)
    written = deps.github.issues.read_comments(
        address, followed.number or 0, begun.at - _CLOCKS_APART
    )
    if not any(own in text for text in written):
        _wait_for_listing(begun, deps)
        return followed
    if begun.step == CLOSED_BY_HAND:
        return replace(followed, owes_closing=False)
    return replace(followed, told=int(begun.step.removeprefix(_EVENT)))


def _wait_for_listing(begun: BegunStep, deps: Deps) -> None:
    early = begun.at + SEEN_AFTER - deps.clock()
    if early > timedelta(0):
        raise RetryLater("github_unavailable", "not to be seen yet", after=min(early, _LOOK_AGAIN))
