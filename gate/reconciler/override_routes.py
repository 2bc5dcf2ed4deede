"""Find the routes by which a held deployment can be overridden, and the issue to ask on.

What GitHub says about routes is kept for a while: a comment may be out of date by it, a decision
never is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import RepositoryId, environment_key
from gate.domain.model.overrides import OverrideRoutes
from gate.domain.model.policy.policy import OverridePolicy
from gate.domain.model.request import GateRequest
from gate.domain.overrides.rule import open_routes
from gate.domain.requests.explanation.remedies import IssueLink
from gate.domain.requests.missing_facts import RoutesNeeded
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.ports import People
from gate.store.engine.database import Snapshot
from gate.store.incidents.incidents import open_incidents

_KEPT: Final = timedelta(hours=1)
_MOST: Final = 10_000
log = get_logger(__name__)


class KnownRoutes:
    """Which pairs of environments have required reviewers; may be used from any thread."""

    def __init__(self) -> None:
        self._read: dict[tuple[RepositoryId, RoutesNeeded], tuple[datetime, bool, bool]] = {}

    def find(
        self, repository_id: RepositoryId, need: RoutesNeeded, policy: OverridePolicy, now: datetime
    ) -> OverrideRoutes | None:
        """Return the routes that are open; None when GitHub must be asked."""
        known = self._read.get((repository_id, need))
        if known is None or now - known[0] > _KEPT:
            return None
        _, review, environment = known
        return open_routes(policy, review=review, environment=environment)

    def ask(
        self, need: RoutesNeeded, address: RepositoryAddress, people: People, now: datetime
    ) -> None:
        """Ask GitHub and keep what it says; where it says nothing, all routes count as open."""
        try:
            review = bool(people.read_required_reviewers(address, need.gated))
            environment = bool(people.read_required_reviewers(address, need.override))
        except (RetryLater, Refused) as error:
            log.warning("fact.unavailable", need=type(need).__name__, reason=error.reason)
            review = environment = True
        if len(self._read) >= _MOST:
            self._read.clear()
        self._read[address.repository_id, need] = now, review, environment


def find_issue(snapshot: Snapshot, request: GateRequest) -> IssueLink | None:
    """Return the issue of the open incident in a request's environment, as soon as it has one."""
    for record in open_incidents(snapshot, request.key.repository_id):
        is_same = environment_key(record.incident.place.environment) == request.key.environment
        if is_same and record.issue_number is not None and record.issue_url is not None:
            return IssueLink(record.issue_number, record.issue_url)
    return None
