"""Write weeks of work at random, for the figures to be compared."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from gate.domain.audit.chain import AuditEntry
from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.alerts.plan import Announcement
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    IncidentEvent,
    Opened,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.model.alert import AlertKind
from gate.domain.model.course import Course
from gate.domain.model.ids import DeploymentId, RepositoryId, RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import FlowStatus
from gate.domain.model.request import GateRequest, RequestState, ReviewState
from gate.domain.requests.decision import Verdict
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.incidents.incidents import (
    IncidentRecord,
    record_announcements,
    record_events,
    record_opening,
)
from gate.store.reports.reports import record_report
from gate.store.requests.decisions import record_decision
from gate.store.requests.outcomes import record_answer, record_end, record_pass
from tests.support.builders.defaults import INSTALLATION, NOW, TERRAFORM, VALIDATION
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_run
from tests.support.incidents import make_failure
from tests.support.rows import ask, forget_end, give_back, lease, make_record, reread

REPOSITORIES: Final = [RepositoryId(it) for it in (1, 2, 3)]
ENVIRONMENTS: Final = ["production", "Staging"]
DAY: Final = timedelta(days=1)


class Past:
    """Weeks of work at random, each thing written as the gate writes it, with time going on."""

    def __init__(self, database: Database, seed: int, *, is_upgrading: bool = False) -> None:
        """Begin forty-five days ago, with a node of an older version if one is upgrading."""
        self.database = database
        self.random = random.Random(seed)
        self.now = NOW - 45 * DAY
        self._is_upgrading = is_upgrading
        self._requests: list[GateRequest] = []
        self._incidents: list[IncidentRecord] = []
        self._number = 1000

    def go_on(self, steps: int) -> None:
        """Let some things happen."""
        happenings: list[Callable[[], None]] = [
            self._ask,
            self._ask,
            self._decide,
            self._decide,
            self._end,
            self._end,
            self._ask_again,
            self._run,
            self._report,
            self._open_incident,
            self._respond,
            self._respond,
            self._release,
        ]
        for _ in range(steps):
            # Now and then twice at one instant.
            self.now += self.random.choice([timedelta(0), timedelta(hours=3), timedelta(hours=11)])
            self.random.choice(happenings)()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _place(self) -> tuple[RepositoryId, str]:
        return self.random.choice(REPOSITORIES), self.random.choice(ENVIRONMENTS)

    def _ask(self) -> None:
        repository, environment = self._place()
        key = make_key(
            repository_id=repository, run_id=RunId(self._next()), environment=environment
        )
        request, _ = ask(self.database, key=key, environment=environment, now=self.now)
        self._requests.append(request)

    def _ask_again(self) -> None:
        """Let one more job of a run reach an environment; a closed request opens again."""
        if self._requests:
            old = self.random.choice(self._requests)
            ask(
                self.database,
                key=old.key,
                environment=old.environment,
                deployment=DeploymentId(self._next()),
                now=self.now,
            )

    def _undecided(self) -> GateRequest | None:
        waiting = [it for it in map(self._reread, self._requests) if it.is_undecided]
        return self.random.choice(waiting) if waiting else None

    def _reread(self, request: GateRequest) -> GateRequest:
        return reread(self.database, request)

    def _decide(self) -> None:
        request = self._undecided()
        if request is None:
            return
        path = self.random.choice([VALIDATION, VALIDATION, TERRAFORM])
        run = make_run(
            repository_id=request.key.repository_id,
            run_id=RunId(self._next()),
            path=path,
            head_repository_id=request.key.repository_id,
        )
        evidence = self.random.choice([None, Evidence(ValidationState.FAILED, run, "red")])
        verdict = self.random.choice([Verdict.WAIT, Verdict.WAIT, Verdict.APPROVE])
        decision = replace(make_decision(), evidence=evidence, verdict=verdict)
        facts = make_facts(request=request)
        number, _ = self.database.transact(
            lambda tx: record_decision(tx, decision, facts, self.now)
        )
        held = lease(self.database, request.id, self.now)
        record = make_record(decision_id=number, verdict=verdict.value, state=request.state)
        self.database.transact(lambda tx: record_pass(tx, held, request, record, until=self.now))
        give_back(self.database, held, self.now)

    def _end(self) -> None:
        request = self._undecided()
        if request is None:
            return
        held = lease(self.database, request.id, self.now)
        how = self.random.choice(["answer", "answer", "closed", "bypassed", "refused"])

        def work(tx: Any) -> None:
            if how == "answer":
                record_answer(tx, held, request, ReviewState.APPROVED, self.now)
                return
            state, kind = {
                "closed": (RequestState.LAPSED, "request.closed"),
                "bypassed": (RequestState.RESOLVED_ELSEWHERE, "bypass.detected"),
                "refused": (RequestState.UNANSWERABLE, "review.refused"),
            }[how]
            record_end(tx, held, request, state, "run_completed", now=self.now)
            record_audit(tx, self._entry(request, kind, "gate"))

        self.database.transact(work)
        if self._is_upgrading and self.random.random() < 0.2:
            forget_end(self.database, request)
        give_back(self.database, held, None)

    def _entry(self, request: GateRequest, kind: str, actor: str) -> AuditEntry:
        key = request.key
        return AuditEntry(
            self.now,
            INSTALLATION,
            key.repository_id,
            key.run_id,
            key.run_attempt,
            request.environment,
            kind,
            actor,
            "why",
        )

    def _release(self) -> None:
        """Put an override on the trail, of one approval or several."""
        if self._requests:
            request = self.random.choice(self._requests)
            for person in self.random.sample(
                ["mona", "hubot", "carol"], k=self.random.choice([1, 2])
            ):
                entry = self._entry(request, "override.recorded", person)
                self.database.transact(lambda tx, it=entry: record_audit(tx, it))  # type: ignore[misc]

    def _run(self) -> None:
        repository, _ = self._place()
        run = make_run(
            repository_id=repository,
            run_id=RunId(self._next()),
            path=self.random.choice([VALIDATION, TERRAFORM]),
            head_branch=self.random.choice(["main", "main", "feature"]),
            head_repository_id=self.random.choice([repository, repository, 99]),
            conclusion=self.random.choice(["success", "failure", "timed_out", "cancelled"]),
            # What is heard of late started long before.
            started_at=self.now - self.random.choice([timedelta(0), timedelta(0), 9 * DAY]),
        )
        self.database.transact(lambda tx: record_run(tx, run, self.now))

    def _report(self) -> None:
        repository, _ = self._place()
        # Few runs, so that some have several attempts.
        run_id = RunId(self.random.randrange(500, 520))
        flows = [
            make_flow(name, self.random.choice(list(FlowStatus)))
            for name in self.random.sample(["a", "b", 'c"status":"failed"'], k=2)
        ]
        report = make_validation_report(
            *flows,
            repository_id=repository,
            run_id=run_id,
            run_attempt=self.random.choice([1, 2, 3]),
            reported_at=self.now,
        )
        self.database.transact(lambda tx: record_report(tx, report, INSTALLATION))
        run = make_run(
            repository_id=repository,
            run_id=run_id,
            head_repository_id=repository,
            conclusion="failure",
            started_at=self.now,
        )
        self.database.transact(lambda tx: record_run(tx, run, self.now))

    def _open_incident(self) -> None:
        repository, environment = self._place()
        place = IncidentPlace(INSTALLATION, repository, environment)
        run_id = RunId(self.random.randrange(500, 520))
        what = Opened(make_failure("a", repository_id=repository, run_id=run_id))
        opening = IncidentEvent(self.now, GATE, what)
        self._incidents.append(
            self.database.transact(lambda tx: record_opening(tx, place, opening, what))
        )

    def _respond(self) -> None:
        """Let something happen to an incident, and say something about it."""
        if not self._incidents:
            return
        at = self.random.randrange(len(self._incidents))
        record = self._incidents[at]
        green = Resolved(Resolution.VALIDATION_PASSED, "")
        happened: list[tuple[str, Happening]] = [
            ("mona", Acknowledged()),
            ("mona", Decided(self.random.choice(list(Course)), "why")),
            ("hubot", Silenced(self.now, "")),
            ("mona", Resolved(Resolution.BY_HAND, "")),
            (GATE, green),
            (GATE, green),
            (GATE, Reopened(make_failure("a", run_id=self._next()))),
        ]
        actor, what = self.random.choice(happened)
        event = IncidentEvent(self.now, actor, what)
        said = Announcement(f"word/{self._next()}", AlertKind.UPDATE, self.now, "")

        def work(tx: Any) -> IncidentRecord:
            return record_announcements(tx, record_events(tx, record, [event]), [said])

        self._incidents[at] = self.database.transact(work)
