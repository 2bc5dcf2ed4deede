"""The whole service as a state machine: whatever happens in whatever order.

Hypothesis lets validations, deployments, faults, crashes and bypasses happen in any order against
the simulated GitHub, over HTTP, and the invariants hold after each step.
"""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.domain.request import RequestState
from gate.simulator.errors import SimulatorError
from gate.simulator.faults import Damage, Fault, WebhookFault
from tests.integration.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate

_ENDINGS = ["success", "failure", "cancelled", "timed_out", "skipped"]
_REVIEW = "deployment_protection_rule$"


class Crash(BaseException):
    """The end of the process."""


class ServiceMachine(RuleBasedStateMachine):
    """One repository, its deployments, and everything that can go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.runs: list[int] = []
        self.bypassed: set[int] = set()
        self.latest = "missing"

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
        self.gate.validate(REPOSITORY, ending)
        if ending != "skipped":
            self.latest = ending
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

    @invariant()
    def nothing_is_approved_without_a_green(self) -> None:
        """No run goes on by our answer before there was any green validation."""
        if not hasattr(self, "gate"):
            return
        for review in self.gate.github.reviews():
            if review.state == "approved" and review.status == 204:
                assert "validation passed" in (review.comment or "")

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
                assert self.latest != "success"
            else:
                assert states[-1] not in undecided


TestService = ServiceMachine.TestCase
TestService.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
