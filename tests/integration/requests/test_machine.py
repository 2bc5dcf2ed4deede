"""The whole service as a state machine: whatever happens in whatever order.

Hypothesis lets validations, re-runs of some of their jobs, deployments, faults, crashes, pauses and
bypasses happen in any order against the simulated GitHub, over HTTP, and the invariants hold after
each step. What is true of production is read off GitHub's side alone.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.domain.model.request import RequestState
from gate.simulator.actions.runs import newest_jobs
from gate.simulator.errors import SimulatorError
from gate.simulator.faults import Damage, Fault, WebhookFault
from tests.support.crashes import Crash
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate

_ENDINGS = ["success", "failure", "cancelled", "timed_out", "skipped"]
_REVIEW = "deployment_protection_rule$"


_JOBS = ("ios", "android")


@dataclass(frozen=True)
class Truth:
    """What is true of production since a moment: is it green, and how old is its oldest job?"""

    at: datetime
    is_green: bool
    oldest: datetime

    def allows(self, at: datetime, until: datetime | None) -> bool:
        """Return whether a deployment that was let go then had this to rest on, until the next."""
        if not self.is_green or at < self.at:
            return False
        ends = self.oldest + timedelta(hours=24) + _LATE
        return at <= ends and (until is None or at <= until + _LATE)


_LATE = timedelta(seconds=10)


def look(gate: Gate) -> Truth:
    """Read off GitHub which validation is the newest, how it ended, and its oldest job."""
    world = gate.github.world
    ran = [
        run
        for run in world.runs.values()
        if run.workflow.path.endswith("/production-validation.yml")
        and run.attempt.conclusion != "skipped"
    ]
    newest = max(ran, key=lambda run: (run.attempt.run_started_at, run.id), default=None)
    if newest is None:
        return Truth(world.now(), is_green=False, oldest=world.now())
    jobs = [job for job in newest_jobs(newest) if job.conclusion != "skipped"]
    oldest = min(job.started_at or job.created_at for job in jobs)
    is_green = newest.attempt.conclusion == "success"
    return Truth(world.now(), is_green=is_green, oldest=oldest)


class ServiceMachine(RuleBasedStateMachine):
    """One repository, its deployments, and everything that can go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.runs: list[int] = []
        self.bypassed: set[int] = set()
        self.validations: list[int] = []
        self.truths: list[Truth] = []

    @initialize()
    def begin(self) -> None:
        """Start the service."""
        folder = self.stack.enter_context(TemporaryDirectory(prefix="gate-machine-"))
        self.gate: Gate = self.stack.enter_context(running_gate(f"sqlite:///{folder}/gate.db"))
        self.gate.github.set_role(REPOSITORY, "boss", "admin")

    def teardown(self) -> None:
        """Stop everything."""
        self.stack.close()

    @rule(ending=st.sampled_from(_ENDINGS))
    def validate(self, ending: str) -> None:
        """Let a validation end."""
        jobs = None if ending == "skipped" else dict.fromkeys(_JOBS, ending)
        self.validations.append(self.gate.validate(REPOSITORY, ending, jobs=jobs))
        self._look_and_settle()

    @precondition(lambda self: self.validations)
    @rule(data=st.data(), which=st.sampled_from(["all", "failed", *_JOBS]), ends_well=st.booleans())
    def rerun_validation(self, data: st.DataObject, which: str, *, ends_well: bool) -> None:
        """Re-run a validation, or some of its jobs; it becomes the newest."""
        run_id, github = data.draw(st.sampled_from(self.validations)), self.gate.github
        github.advance(1)
        if which == "all":
            github.rerun(run_id)
        elif which == "failed":
            github.rerun_failed_jobs(run_id)
        else:
            github.rerun_job(run_id, which)
        github.complete_run(run_id, "success" if ends_well else "failure")
        self._look_and_settle()

    @precondition(lambda self: self.validations)
    @rule(job=st.sampled_from(_JOBS))
    def renew_in_part(self, job: str) -> None:
        """A day later one job of the last validation runs again."""
        self.gate.advance(hours=25)
        self.gate.github.rerun_job(self.validations[-1], job)
        self.gate.github.complete_run(self.validations[-1], "success")
        self._look_and_settle()
        self.deploy(1)

    def _look_and_settle(self) -> None:
        """Note what is true of production now, and let the gate do what is due."""
        self.truths.append(look(self.gate))
        self.gate.settle()

    @rule(jobs=st.integers(1, 3))
    def deploy(self, jobs: int) -> None:
        """Let a run reach the environment."""
        names = [f"deploy {number}" for number in range(jobs)]
        self.runs.append(self.gate.github.deploy(REPOSITORY, jobs=names).run_id)
        self.gate.settle()

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def late_job(self, data: st.DataObject) -> None:
        """Let one more job of a run reach the environment."""
        self._try(
            lambda run_id: self.gate.github.reach_environment(run_id, ENVIRONMENT, "late"), data
        )

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel a run."""
        self._try(self.gate.github.cancel_run, data)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def bypass(self, data: st.DataObject) -> None:
        """Let an administrator start what waits."""
        run_id = data.draw(st.sampled_from(self.runs))
        try:
            self.gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
        except SimulatorError:
            return
        self.bypassed.add(run_id)
        self.gate.settle()

    @rule(
        damage=st.sampled_from(["close", "html", None]),
        applies=st.booleans(),
        times=st.integers(1, 3),
    )
    def break_reviews(self, damage: Damage | None, applies: bool, times: int) -> None:
        """Let the next reviews fail, applied or not."""
        status = 502 if damage is None else None
        fault = Fault(
            _REVIEW,
            method="POST",
            status=status,
            damage=damage,
            apply=applies,
            times=times,
        )
        self.gate.github.add_fault(fault)

    @rule(kind=st.sampled_from(["drop", "duplicate", "lose"]), times=st.integers(1, 4))
    def break_webhooks(self, kind: str, times: int) -> None:
        """Let the next webhooks fail, come twice, or never."""
        self.gate.github.add_webhook_fault(WebhookFault(kind, times=times))  # type: ignore[arg-type]

    @rule(place=st.sampled_from(["taken", "decided", "begun", "sent", "settled"]))
    def crash(self, place: str) -> None:
        """Die at the next pass through a place, and start again."""

        def die(at: str) -> None:
            if at == place:
                raise Crash

        self.gate.failpoint = die
        try:
            self.deploy(1)
        except Crash:
            pass
        finally:
            self.gate.failpoint = lambda _: None
        self.gate.restart()
        self.gate.settle()

    @rule(seconds=st.sampled_from([5, 40, 700, 4000]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.gate.advance(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        """Sweep once."""
        self.gate.sweep()

    def _try(self, act: object, data: st.DataObject) -> None:
        """Do something to one of the runs, unless GitHub would not let it happen."""
        assert callable(act)
        run_id = data.draw(st.sampled_from(self.runs))
        try:
            act(run_id)
        except SimulatorError:
            return
        self.gate.settle()

    @precondition(lambda self: self.truths)
    @rule(seconds=st.sampled_from([3, 30, 900]), ending=st.sampled_from(["failure", "cancelled"]))
    def pause(self, seconds: int, ending: str) -> None:
        """Stop the process between a decision and its answer, while production turns red."""

        def sleep(at: str) -> None:
            if at == "decided":
                self.gate.failpoint = lambda _: None
                self.gate.github.advance(seconds)
                jobs = dict.fromkeys(_JOBS, ending)
                self.validations.append(self.gate.validate(REPOSITORY, ending, jobs=jobs))
                self.truths.append(look(self.gate))

        self.gate.failpoint = sleep
        self.deploy(1)
        self.gate.failpoint = lambda _: None
        self.gate.settle()

    @invariant()
    def each_approval_had_its_evidence(self) -> None:
        """Production was green, by all jobs that count, when we answered, or ten seconds before."""
        if not hasattr(self, "gate"):
            return
        for review in self.gate.github.reviews():
            if review.state == "approved" and review.status == 204:
                assert "validation passed" in (review.comment or "")
                until = [it.at for it in self.truths[1:]] + [None]
                assert any(
                    truth.allows(review.received_at, end)
                    for truth, end in zip(self.truths, until, strict=True)
                )

    @invariant()
    def no_more_answers_than_jobs(self) -> None:
        """A run is answered at most once for each job that asked."""
        for run_id in self.runs:
            jobs = [job for job in self.gate.github.run_view(run_id).jobs if job.deployment_id]
            assert len(self.gate.answers(run_id)) <= len(jobs)

    @invariant()
    def reports_stay_within_the_budget(self) -> None:
        """No run gets more than ten reports for one request."""
        for run_id in self.runs:
            assert len(self.gate.reports(run_id)) <= 10

    @precondition(lambda self: self.runs)
    @rule()
    def calm(self) -> None:
        """Without faults, every request is soon answered, closed, or waiting for a reason."""
        self.gate.github.clear_faults()
        self.gate.sweep()
        for _ in range(4):
            self.gate.advance(minutes=16)
            self.gate.sweep()
        for run_id in self.runs:
            # Not the run's status: it is in progress while another of its jobs runs.
            jobs = self.gate.github.run_view(run_id).jobs
            waits = any(job.waits_for_apps for job in jobs)
            states = [it.state for it in self.gate.records() if it.run_id == run_id]
            assert states, f"run {run_id} was never heard of"
            undecided = {RequestState.OPEN, RequestState.WAITING, RequestState.ANSWERING}
            if waits:
                assert states[-1] == RequestState.WAITING
                truth, now = look(self.gate), self.gate.github.world.now()
                assert not (truth.is_green and now - truth.oldest <= timedelta(hours=24))
            else:
                assert states[-1] not in undecided


TestService = ServiceMachine.TestCase
TestService.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
