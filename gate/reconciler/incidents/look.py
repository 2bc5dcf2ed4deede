"""Look at all environments of a repository: what each validation shows, and what is owed for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import lacks_jobs
from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope, counting_validations
from gate.domain.incidents.events import IncidentEvent, Opened, Resolution, Resolved
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.incidents.rule import failure_of, observe_validation
from gate.domain.model.ids import Sha
from gate.domain.model.policy.policy import (
    Policy,
    ValidationRule,
)
from gate.domain.model.reports import AlertReport
from gate.domain.requests.missing_facts import JobsNeeded
from gate.reconciler.incidents.alert_planning import AlertContext, owe_alerts
from gate.reconciler.incidents.gate_alerts import alert_ends
from gate.reconciler.incidents.timeline import record_happenings, record_new_incident
from gate.store.engine.database import Transaction
from gate.store.github import runs
from gate.store.incidents import artifacts, incidents
from gate.store.incidents.incidents import IncidentRecord
from gate.store.reports import reports


@dataclass(frozen=True, slots=True)
class Seen:
    """What the newest validation of an environment shows, with what its job reported."""

    environment: str
    evidence: Evidence
    alerts: tuple[AlertReport, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all environments of a repository, at one time and by one policy."""

    default_branch: str
    policy: Policy
    context: AlertContext

    def see(self, tx: Transaction) -> Iterator[Seen | JobsNeeded]:
        """Read what is known of each environment's validation, or name the jobs that decide."""
        for environment, policy in self.policy.environments.items():
            yield self._see(tx, environment, policy.validation)

    def _see(self, tx: Transaction, environment: str, rule: ValidationRule) -> Seen | JobsNeeded:
        repository_id = self.context.repository.id
        scope = ValidationScope(rule, repository_id, self.default_branch)
        found = runs.candidate_runs(
            tx,
            repository_id,
            rule.workflow,
            branch=scope.branch,
            events=rule.events,
        )
        counting = counting_validations(found, scope)
        if counting and lacks_jobs(counting[0], rule.required_jobs):
            return JobsNeeded(counting[0].run_id, counting[0].run_attempt)
        evidence = judge(
            scope,
            found,
            (),
            infrastructure_since=None,
            # Which deployments a green run covers is no matter of incidents.
            head_sha=Sha(""),
            now=self.context.now,
            reports=reports.read_reports(tx, repository_id, [run.run_id for run in found]),
        )
        run = evidence.run
        key = (repository_id, run.run_id, run.run_attempt) if run is not None else None
        return Seen(environment, evidence, reports.read_alerts(tx, *key) if key else ())

    def make(self, tx: Transaction, seen: Sequence[Seen]) -> datetime | None:
        """Bring each environment up to date; return when to look again."""
        alert_ends(tx, self.context)
        looks: list[datetime] = []
        records = [self._brought_up_to_date(tx, one) for one in seen]
        for record in [*records, *self._gated_no_more(tx)]:
            if record is None:
                continue
            next_look = owe_alerts(tx, record, self.context)
            looks += [next_look] if next_look is not None else []
        return min(looks, default=None)

    def _artifacts(self, tx: Transaction, seen: Seen) -> tuple[str, ...]:
        """Read what GitHub lists of a failed run whose job reported no artifacts; want it once."""
        failure, run = failure_of(seen.evidence, seen.alerts), seen.evidence.run
        if failure is None or failure.artifact_urls or run is None or not run.is_completed:
            return ()
        key = self.context.repository.id, run.run_id, run.run_attempt
        if artifacts.want_artifacts(tx, *key, self.context.now):
            return ()
        return artifacts.read_artifacts(tx, *key) or ()

    def _gated_no_more(self, tx: Transaction) -> list[IncidentRecord]:
        """End the incidents of environments that the policy does not name any more.

        Which validation was theirs is not known, so nothing else would ever end them.
        """
        repository_id = self.context.repository.id
        places = [it.incident.place for it in incidents.open_incidents(tx, repository_id)]
        gone = [it.environment for it in places if self.policy.environment(it.environment) is None]
        locked = [incidents.lock_newest_incident(tx, repository_id, it) for it in gone]
        ended = IncidentEvent(self.context.now, GATE, Resolved(Resolution.NOT_GATED, ""))
        return [record_happenings(tx, it, [ended]) for it in locked if it is not None]

    def _brought_up_to_date(self, tx: Transaction, seen: Seen) -> IncidentRecord | None:
        """Fold in what the newest validation shows; None where there is no incident to tell of."""
        repository = self.context.repository
        record = incidents.lock_newest_incident(tx, repository.id, seen.environment)
        incident = record.incident if record is not None else None
        now, listed = self.context.now, self._artifacts(tx, seen)
        event = observe_validation(incident, seen.evidence, now, listed, seen.alerts)
        if event is None:
            return record
        if isinstance(event.what, Opened):
            place = IncidentPlace(repository.installation_id, repository.id, seen.environment)
            return record_new_incident(tx, place, event, event.what)
        return record_happenings(tx, record, [event]) if record is not None else None
