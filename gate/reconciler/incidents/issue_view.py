"""Read what an incident issue has to show, from one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.incidents.issue.remarks import Remark, next_remark
from gate.domain.incidents.issue.text import IssueSubject, IssueText, render_issue
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.policy.policy import LoadedPolicy, Policy
from gate.errors import GateError, Refused
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.alert_planning import held_deployments
from gate.reconciler.observe.policy import last_policy_of
from gate.reconciler.observe.policy_documents import observe_policy
from gate.store.engine.database import Snapshot
from gate.store.github import repositories
from gate.store.incidents import incidents
from gate.store.incidents.incidents import IncidentRecord
from gate.store.incidents.issues import TakenIssue

_MOST_EVENTS: Final = 100


AGAIN: Final = timedelta(minutes=1)
"""How soon an open incident's issue is looked at again.

What is held changes without an event, and deadlines pass.
"""


WITHOUT_POLICY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IssueView:
    """What an issue has to show, from one snapshot."""

    record: IncidentRecord
    repository: Repository
    policy: Policy
    text: IssueText
    remark: Remark | None

    @property
    def address(self) -> RepositoryAddress:
        """Return where calls about the repository go."""
        return self.repository.address


@dataclass(frozen=True, slots=True)
class _Lacking:
    """The repository's policy must be read first."""

    repository: Repository


@dataclass(frozen=True, slots=True)
class NothingToShow:
    """Nothing can be said now; `again` is when to look again."""

    again: datetime | None


class PolicyUnavailable(GateError):
    """GitHub would not show the policy: that is no refusal of the issue."""


def observe_view(taken: TakenIssue, deps: Deps) -> IssueView | NothingToShow:
    """See what the issue has to show; the policy is read first where it is not known."""
    view = deps.database.read(lambda snapshot: _view(snapshot, taken, deps))
    if not isinstance(view, _Lacking):
        return view
    try:
        observe_policy(view.repository, deps, deps.clock())
    except Refused as error:
        raise PolicyUnavailable(error.reason, error.detail) from error
    view = deps.database.read(lambda snapshot: _view(snapshot, taken, deps))
    return NothingToShow(deps.clock() + AGAIN) if isinstance(view, _Lacking) else view


def _view(
    snapshot: Snapshot, taken: TakenIssue, deps: Deps
) -> IssueView | _Lacking | NothingToShow:
    now = deps.clock()
    record = incidents.read_incident(snapshot, taken.incident_id)
    repository = repositories.read_repository(snapshot, taken.repository_id)
    if record is None or repository is None:
        return NothingToShow(None)
    choice = last_policy_of(snapshot, repository, deps)
    if choice is None:
        return _Lacking(repository)
    if not isinstance(choice.reading, LoadedPolicy):
        return NothingToShow(now + WITHOUT_POLICY)
    policy, incident = choice.reading.policy, record.incident
    timeline = incidents.read_timeline(snapshot, incident.id, _MOST_EVENTS)
    held = held_deployments(snapshot, repository.id, incident.place.environment)
    subject = IssueSubject(policy.alerts, held)
    text = render_issue(incident, timeline, subject, now)
    remark = next_remark(incident, timeline, taken.followed.told)
    return IssueView(record, repository, policy, text, remark)
