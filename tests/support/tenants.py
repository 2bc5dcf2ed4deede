"""Two tenants with everything that the gate records of one, for tests of who sees what.

Every text of a tenant holds its `mark`, and every number of GitHub's begins with its `digits`, so
that a test finds whatever of a tenant an answer holds. The owner's `.github` is a repository of
its own; what only its policy says holds `HUSHED` too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.plan import Message
from gate.domain.incidents.events import Acknowledged, Decided, IncidentEvent, Opened
from gate.domain.incidents.incident import IncidentPlace
from gate.domain.model.alert import AlertKind, Channel, Severity
from gate.domain.model.course import Course
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import (
    IncidentId,
    InstallationId,
    RepositoryId,
    RequestId,
    RunId,
)
from gate.domain.model.policy.policy import AlertPolicy
from gate.domain.model.reports import FlowStatus
from gate.domain.model.request import ReviewState
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.policy_authors import WantedAuthor
from gate.store.github.repositories import record_repository
from gate.store.github.runs import record_run
from gate.store.github.stored_policies import sources_of
from gate.store.incidents.alerts import owe_alert
from gate.store.incidents.incidents import record_events, record_issue, record_opening
from gate.store.reports.reports import record_alert, record_report
from gate.store.requests.decisions import record_decision
from tests.support.builders.defaults import NOW
from tests.support.builders.overrides import make_claim, make_record
from tests.support.builders.reports import make_alert_report, make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_account, make_run
from tests.support.chains import make_entry
from tests.support.incidents import make_evidence, make_failure, make_flow
from tests.support.policies import record_author_of, record_policies
from tests.support.rows import answer, asked, wait


@dataclass(frozen=True)
class Tenant:
    """A repository in an installation of its own; `digits` begin its numbers."""

    mark: str
    digits: int
    request: RequestId
    incident: IncidentId

    @property
    def owner(self) -> str:
        """Return the login of its owner."""
        return f"{self.mark}-org"

    @property
    def name(self) -> str:
        """Return the name of its repository."""
        return f"{self.mark}-shop"

    @property
    def repository_id(self) -> RepositoryId:
        """Return the id of its repository."""
        return RepositoryId(self.digits * 1000 + 1)

    @property
    def installation_id(self) -> InstallationId:
        """Return the id of its installation."""
        return InstallationId(self.digits * 1000 + 2)

    @property
    def run_id(self) -> RunId:
        """Return the id of its deploying run, which a validation reports for, too."""
        return RunId(self.digits * 1000 + 3)

    @property
    def environment(self) -> str:
        """Return the name of its environment."""
        return f"{self.mark}-production"

    @property
    def shared_id(self) -> RepositoryId:
        """Return the id of the owner's repository `.github`, which holds the owner's policy."""
        return RepositoryId(self.digits * 1000 + 9)

    @property
    def repository(self) -> Repository:
        """Return its repository as the gate knows it."""
        return self._repository(self.repository_id, self.name)

    @property
    def shared(self) -> Repository:
        """Return the owner's repository `.github` as the gate knows it."""
        return self._repository(self.shared_id, ".github")

    @property
    def policy(self) -> str:
        """Return the text of its own policy."""
        return f"version: 1\nenvironments:\n  {self.environment}: {{}}\n"

    def _repository(self, number: RepositoryId, name: str) -> Repository:
        owner = make_account(self.owner, id=self.digits * 1000 + 4)
        return Repository(
            number, self.installation_id, f"{self.owner}/{name}", owner, f"{self.mark}-branch"
        )


HUSHED: Final = "hushed"
FLOOR: Final = f"# {HUSHED}\nversion: 1\nenvironments:\n  {HUSHED}: {{}}\n"
"""The policy of each owner, which speaks of an environment that this repository does not have."""


@dataclass(frozen=True)
class Policies:
    """The texts of a repository's own policy, and of its owner's; None where there is none."""

    own: str | None
    organization: str


OURS: Final = Tenant("visible", 71_717, RequestId(0), IncidentId(0))
THEIRS: Final = Tenant("secrecy", 83_838, RequestId(0), IncidentId(0))
UNKNOWN: Final = Tenant("nowhere", 94_949, RequestId(7), IncidentId(7))
"""What nobody has: its texts and numbers are as long as those of the others."""


def tell_story(database: Database, tenant: Tenant, policies: Policies | None = None) -> Tenant:
    """Record a full story; return the tenant with the ids that the gate gave.

    Without `policies` the repository has one of its own, and the owner's is its floor.
    """
    policies = policies if policies is not None else Policies(tenant.policy, FLOOR)
    mark, repository_id, installation_id = (
        tenant.mark,
        tenant.repository_id,
        tenant.installation_id,
    )
    person = f"{mark}-person"
    database.transact(lambda tx: record_repository(tx, tenant.shared))
    database.transact(lambda tx: record_repository(tx, tenant.repository))
    run = make_run(repository_id=repository_id, run_id=tenant.run_id, head_branch=f"{mark}-branch")
    database.transact(lambda tx: record_run(tx, run, NOW))
    held = _request(database, tenant, tenant.run_id, policies)
    released = asked(
        database,
        key=make_key(
            repository_id=repository_id,
            run_id=tenant.digits * 1000 + 5,
            environment=tenant.environment,
        ),
        installation=installation_id,
        environment=tenant.environment,
    )
    answer(database, released, ReviewState.APPROVED)
    incident = _incident(database, tenant, person)
    flow = make_flow(f"{mark}-flow.yml", FlowStatus.FAILED)
    of_run: dict[str, Any] = {
        "repository_id": repository_id,
        "run_id": tenant.run_id,
        "run_attempt": 1,
        "job_url": f"https://github.example/{mark}/job",
    }
    report = make_validation_report(flow, **of_run, reported_at=NOW)
    database.transact(lambda tx: record_report(tx, report, installation_id))
    alert = make_alert_report(**of_run, event=f"{mark}-event", received_at=NOW)
    database.transact(lambda tx: record_alert(tx, alert, installation_id))
    for kind in ("decision.made", "override.recorded", "bypass.detected"):
        entry = make_entry(
            installation_id=installation_id,
            repository_id=repository_id,
            run_id=tenant.run_id,
            environment=tenant.environment,
            kind=kind,
            actor=person,
            reason=f"{mark}-reason",
            detail={"rationale": f"{mark}-rationale"},
        )
        database.transact(lambda tx, it=entry: record_audit(tx, it))  # type: ignore[misc]
    _policy_change(database, tenant)
    floor = make_entry(
        installation_id=installation_id,
        repository_id=None,
        run_id=None,
        run_attempt=None,
        environment=None,
        kind="policy.changed",
        actor=person,
    )
    database.transact(lambda tx: record_audit(tx, floor))
    return replace(tenant, request=held, incident=incident)


def _policy_change(database: Database, tenant: Tenant) -> None:
    """Let both policies have been changed by somebody; only the owner's was by `HUSHED`."""
    sources = sources_of(tenant.repository)
    entry = make_entry(
        installation_id=tenant.installation_id,
        repository_id=tenant.repository_id,
        run_id=None,
        run_attempt=None,
        environment=None,
        kind="policy.changed",
        detail={"source": sources[0], "digest": sha256(tenant.policy.encode()).hexdigest()},
    )
    database.transact(lambda tx: record_audit(tx, entry))
    for source, login in zip(sources, (f"{tenant.mark}-author", HUSHED), strict=True):
        record_author_of(database, WantedAuthor(source, NOW, tenant.repository_id), login)


def _request(database: Database, tenant: Tenant, run_id: RunId, policies: Policies) -> RequestId:
    """Hold a request with a failed validation and an override that was not enough."""
    mark = tenant.mark
    request = asked(
        database,
        key=make_key(
            repository_id=tenant.repository_id, run_id=run_id, environment=tenant.environment
        ),
        installation=tenant.installation_id,
        environment=tenant.environment,
    )
    evidence = make_evidence(
        repository_id=tenant.repository_id,
        run_id=run_id,
        conclusion="failure",
        head_branch=f"{mark}-branch",
        html_url=f"https://github.example/{mark}/run",
    )
    claim = make_claim(
        person=make_account(f"{mark}-person", id=tenant.digits * 1000 + 6),
        rationale=f"{mark}-rationale",
        run_id=run_id,
        environment=tenant.environment,
    )
    decision = replace(
        make_decision(detail=f"{mark}-detail"), evidence=evidence, override=make_record(claim)
    )
    facts = make_facts(request=request)
    basis = record_policies(database, tenant.repository, policies.own, policies.organization)
    number, _ = database.transact(lambda tx: record_decision(tx, decision, facts, NOW, basis))
    wait(database, request, decision_id=number)
    return request.id


def _incident(database: Database, tenant: Tenant, person: str) -> IncidentId:
    mark = tenant.mark
    place = IncidentPlace(tenant.installation_id, tenant.repository_id, tenant.environment)
    failure = replace(make_failure(f"{mark}-flow.yml"), run_id=tenant.run_id)
    opened = Opened(failure)
    record = database.transact(
        lambda tx: record_opening(tx, place, IncidentEvent(NOW, "gate", opened), opened)
    )
    events = [
        IncidentEvent(NOW, person, Acknowledged()),
        IncidentEvent(NOW, person, Decided(Course.ROLLBACK, f"{mark}-rationale")),
    ]
    record = database.transact(lambda tx: record_events(tx, record, events))
    message = Message("page", AlertKind.PAGE, Severity.CRITICAL)
    subject = AlertSubject(f"{tenant.owner}/{tenant.name}", "https://a.example", "", ())
    alert = render_alert(record.incident, message, AlertPolicy(), subject, NOW)
    database.transact(lambda tx: owe_alert(tx, alert, [Channel.SLACK], tenant.repository_id))
    url = f"https://github.example/{tenant.owner}/{tenant.name}/issues/3"
    database.transact(lambda tx: record_issue(tx, record.incident.id, 3, url))
    return record.incident.id
