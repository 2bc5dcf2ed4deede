"""Bring the incidents of one repository up to date, and plan what is said about them.

A look is made after any news, and when a reminder or an escalation is due. It asks what is so, not
what has changed: news may be lost, doubled or late. GitHub is asked only for what is missing,
between transactions; what comes of a look is one commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.counting import counting_validations
from gate.domain.deliveries import Repository
from gate.domain.evidence import judge
from gate.domain.ids import RepositoryId, Sha, environment_key
from gate.domain.incident_rule import observe_validation
from gate.domain.incidents import IncidentEvent, IncidentPlace, Opened
from gate.domain.missing import JobsNeeded, PolicyNeeded, RepositoryNeeded
from gate.domain.policy import EnvironmentPolicy, LoadedPolicy, Policy
from gate.domain.reports import ValidationReport
from gate.domain.runs import WorkflowRun
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.alert_planning import Telling, owe_alerts, owe_bypass_alert
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.reconciler.policies import last_policy_of
from gate.reconciler.responding import record_happenings, record_new_incident
from gate.reconciler.sharing import SharedNeed, observe_shared
from gate.store import bypasses, incident_checks, incidents, reports, repositories, runs
from gate.store.database import Transaction
from gate.store.incident_checks import IncidentCheck
from gate.store.incidents import IncidentRecord

_MOST_READINGS: Final = 8
"""More than all environments of a policy ever lack at once; the rest waits for the next look."""

_WITHOUT_POLICY: Final = timedelta(minutes=10)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Lacking:
    """The look cannot be made before this is read."""

    repository: Repository
    check: IncidentCheck
    need: SharedNeed


@dataclass(frozen=True, slots=True)
class _Looked:
    """The look is on record; `owed` says that channels have something to send."""

    owed: bool = False


def look_after(repository_id: RepositoryId, deps: Deps) -> None:
    """Make the look that is due at a repository's incidents, if it still is.

    When GitHub does not show what is missing, the look is due again later.
    """
    for _ in range(_MOST_READINGS):
        step = deps.database.transact(lambda tx: _look(tx, repository_id, deps))
        if isinstance(step, _Looked):
            if step.owed:
                deps.wakeups.wake_alerts()
            return
        try:
            observe_shared(step.need, step.repository, deps)
        except (RetryLater, Refused) as error:
            _postpone(step.check, error, deps)
            return


def _postpone(check: IncidentCheck, error: RetryLater | Refused, deps: Deps) -> None:
    """Come back later to a look for which GitHub would not show a fact."""
    failures = check.failures + 1
    due_at = deps.clock() + backoff(failures, error, spread=check.repository_id)
    deps.database.transact(
        lambda tx: incident_checks.settle_check(tx, check, due_at=due_at, failures=failures)
    )
    log.warning("incident.postponed", repository_id=check.repository_id, reason=error.reason)


def _look(tx: Transaction, repository_id: RepositoryId, deps: Deps) -> _Lacking | _Looked:
    """Make the look on one snapshot, or say what is missing for it."""
    check = incident_checks.take_check(tx, repository_id, deps.clock())
    if check is None:
        return _Looked()
    repository = repositories.read_repository(tx, repository_id)
    if repository is None:
        incident_checks.settle_check(tx, check, due_at=None)
        return _Looked()
    return _look_at(tx, check, repository, deps)


def _look_at(
    tx: Transaction, check: IncidentCheck, repository: Repository, deps: Deps
) -> _Lacking | _Looked:
    now = deps.clock()
    if repository.default_branch is None:
        return _Lacking(repository, check, RepositoryNeeded())
    choice = last_policy_of(tx, repository, deps)
    if choice is None:
        return _Lacking(repository, check, PolicyNeeded())
    if not isinstance(choice.reading, LoadedPolicy):
        # Whom to call is not known; the deployments are held, and say why.
        is_open = bool(incidents.open_incidents(tx, repository.id))
        again = now + _WITHOUT_POLICY if is_open else None
        incident_checks.settle_check(tx, check, due_at=again)
        return _Looked()
    telling = Telling(repository, choice.reading.policy.alerts, deps, now)
    look = _Look(repository.default_branch, choice.reading.policy, telling)
    needed = look.missing(tx)
    if needed is not None:
        return _Lacking(repository, check, needed)
    owed, next_look = look.make(tx)
    incident_checks.settle_check(tx, check, due_at=next_look)
    return _Looked(owed)


@dataclass(frozen=True, slots=True)
class _Newest:
    """The runs that may be the newest validation of an environment, the newest first."""

    runs: tuple[WorkflowRun, ...]
    run: WorkflowRun | None


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at all environments of a repository, at one time and by one policy."""

    default_branch: str
    policy: Policy
    telling: Telling

    @property
    def repository(self) -> Repository:
        """Give the repository that is looked at."""
        return self.telling.repository

    def missing(self, tx: Transaction) -> JobsNeeded | None:
        """Name a run whose jobs decide, and were not read."""
        for policy in self.policy.environments.values():
            run = self._newest(tx, policy).run
            jobs_decide = policy.validation.required_jobs and run is not None
            if jobs_decide and run is not None and run.is_completed and run.jobs is None:
                return JobsNeeded(run.run_id, run.run_attempt)
        return None

    def make(self, tx: Transaction) -> tuple[bool, datetime | None]:
        """Bring each environment up to date; say what is owed and when to look again."""
        owed = self._tell_bypasses(tx)
        looks: list[datetime] = []
        for environment, policy in self.policy.environments.items():
            record = self._brought_up_to_date(tx, environment, policy)
            if record is None:
                continue
            has_news, next_look = owe_alerts(tx, record, self.telling)
            owed = owed or has_news
            looks += [next_look] if next_look is not None else []
        return owed, min(looks, default=None)

    def _newest(self, tx: Transaction, policy: EnvironmentPolicy) -> _Newest:
        rule = policy.validation
        found = runs.candidate_runs(
            tx,
            self.repository.id,
            rule.workflow,
            branch=rule.branch or self.default_branch,
            events=rule.events,
        )
        counting = counting_validations(found, rule, self.repository.id, self.default_branch)
        return _Newest(found, counting[0] if counting else None)

    def _brought_up_to_date(
        self, tx: Transaction, environment: str, policy: EnvironmentPolicy
    ) -> IncidentRecord | None:
        """Fold in what the newest validation shows; None where there is no incident to tell of."""
        record = incidents.newest_incident(tx, self.repository.id, environment)
        event = self._observed(tx, record, policy)
        if event is None:
            return record
        if isinstance(event.what, Opened):
            place = IncidentPlace(self.repository.installation_id, self.repository.id, environment)
            return record_new_incident(tx, place, event, event.what)
        if record is None:
            return None
        return record_happenings(tx, record, [event])

    def _observed(
        self, tx: Transaction, record: IncidentRecord | None, policy: EnvironmentPolicy
    ) -> IncidentEvent | None:
        newest = self._newest(tx, policy)
        evidence = judge(
            policy.validation,
            newest.runs,
            (),
            repository_id=self.repository.id,
            default_branch=self.default_branch,
            # Which deployments a green run covers is no matter of incidents.
            head_sha=Sha(""),
            now=self.telling.now,
        )
        incident = record.incident if record is not None else None
        return observe_validation(
            incident, evidence, self._report(tx, newest.run), self.telling.now
        )

    def _report(self, tx: Transaction, run: WorkflowRun | None) -> ValidationReport | None:
        if run is None:
            return None
        return reports.read_report(tx, self.repository.id, run.run_id, run.run_attempt)

    def _tell_bypasses(self, tx: Transaction) -> bool:
        """Tell of deployments that were let past the gate since the last look."""
        told = bypasses.untold_bypasses(tx, self.repository.id)
        by_environment = {
            environment_key(it.incident.place.environment): it
            for it in incidents.open_incidents(tx, self.repository.id)
        }
        for request_id in told:
            owe_bypass_alert(tx, request_id, by_environment, self.telling)
        return bool(told)
