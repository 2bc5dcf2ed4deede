"""Overrides as a state machine: whoever says what, wherever, in whatever order.

Hypothesis lets reviewers, bystanders and the one who deploys speak in all three places, edit and
delete what they said, and re-run what they like, while the validation turns red and green. No
deployment goes on by our answer unless a validation was green or somebody who may has said all that
an override takes, about this very run attempt, after it turned red, on record before the release.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.simulator.errors import SimulatorError
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate

OVERRIDE_ENVIRONMENT = f"{ENVIRONMENT}-override"
WHY = "I accept the risk: checkout is down and this build fixes it."
WORDS = [
    WHY,
    WHY,
    "go",
    "checkout is down and this build fixes it, believe me",
    "I accept the risk",
    "",
]
REVIEWER, DEPLOYER, BYSTANDER = "carol", "developer", "mallory"
people = st.sampled_from([REVIEWER, REVIEWER, DEPLOYER, BYSTANDER])
words = st.sampled_from(WORDS)


class OverrideMachine(RuleBasedStateMachine):
    """One repository whose environment has a required reviewer."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.runs: list[int] = []
        self.comments: list[int] = []
        self.latest = "missing"
        self.red_attempts: set[tuple[int, int]] = set()
        self.overridden: set[tuple[int, int]] = set()

    @initialize(since=st.sampled_from(["review", "waiting"]))
    def begin(self, since: Literal["review", "waiting"]) -> None:
        """Start the service beside a GitHub whose `since` of a review means one thing or other."""
        folder = self.stack.enter_context(TemporaryDirectory(prefix="gate-overrides-"))
        switches = Switches(review_since=since)
        self.gate: Gate = self.stack.enter_context(
            running_gate(f"sqlite:///{folder}/gate.db", switches=switches)
        )
        github = self.gate.github
        github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=[REVIEWER])
        github.protect_environment(
            REPOSITORY, OVERRIDE_ENVIRONMENT, reviewers=[REVIEWER, DEPLOYER], custom_rule=False
        )
        self.issue = github.open_issue(REPOSITORY, "Validation is red")

    def teardown(self) -> None:
        """Stop everything."""
        self.stack.close()

    @rule(ending=st.sampled_from(["failure", "failure", "cancelled", "success"]))
    def validate(self, ending: str) -> None:
        """Let a validation end."""
        self.gate.validate(REPOSITORY, ending)
        self.latest = ending
        self._pass()

    @rule()
    def deploy(self) -> None:
        """Let a run reach the environment."""
        self.runs.append(self.gate.github.deploy(REPOSITORY).run_id)
        self._pass()

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def rerun(self, data: st.DataObject) -> None:
        """Cancel a run and start its next attempt."""

        def again(run_id: int) -> None:
            self.gate.github.cancel_run(run_id)
            self.gate.github.rerun(run_id)
            self.gate.github.reach_environment(run_id, ENVIRONMENT)

        self._try(again, data)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), who=people, said=words)
    def review(self, data: st.DataObject, who: str, said: str) -> None:
        """Approve in GitHub's review dialog, if GitHub lets this person."""

        def approve(run_id: int) -> None:
            self.gate.github.review_as(who, run_id, ENVIRONMENT, "approved", said)
            self._spoke(run_id, who, said)

        self._try(approve, data)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), who=people, said=words)
    def comment(self, data: st.DataObject, who: str, said: str) -> None:
        """Write the command below the issue."""

        def write(run_id: int) -> None:
            body = f"/override {run_id} {said}"
            number = self.issue
            self.comments.append(self.gate.github.comment_on_issue(REPOSITORY, number, who, body))
            self._spoke(run_id, who, said)

        self._try(write, data)

    @precondition(lambda self: self.comments)
    @rule(data=st.data(), deletes=st.booleans())
    def take_back(self, data: st.DataObject, *, deletes: bool) -> None:
        """Edit a comment into a perfect one, or delete it."""
        comment_id = data.draw(st.sampled_from(self.comments))
        self.comments.remove(comment_id)
        if deletes:
            self.gate.github.delete_comment(REPOSITORY, comment_id, REVIEWER)
        elif self.runs:
            body = f"/override {self.runs[-1]} {WHY}"
            self.gate.github.edit_comment(REPOSITORY, comment_id, body, REVIEWER)
        self._pass()

    @precondition(lambda self: self.runs)
    @rule(
        data=st.data(),
        who=st.sampled_from([REVIEWER, DEPLOYER]),
        said=words,
        branch=st.sampled_from([None, None, "topic"]),
    )
    def override_workflow(
        self, data: st.DataObject, who: str, said: str, branch: str | None
    ) -> None:
        """Dispatch the override workflow for a run, and approve its environment."""

        def dispatch(run_id: int) -> None:
            own = self.gate.github.start_run(
                REPOSITORY,
                "override-production-frontend.yml",
                branch=branch,
                event="workflow_dispatch",
                title=f"Override of run {run_id}",
            )
            self.gate.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
            self.gate.github.review_as(who, own, OVERRIDE_ENVIRONMENT, "approved", said)
            if branch is None:
                self._spoke(run_id, who, said)

        self._try(dispatch, data)

    @rule()
    def restart(self) -> None:
        """Forget everything that is not in the database."""
        self.gate.restart()
        self._pass()

    def _spoke(self, run_id: int, who: str, said: str) -> None:
        """Remember who has said all that it takes, about an attempt that was held then."""
        attempt = self.gate.github.run_view(run_id).run_attempt
        may = who == REVIEWER
        if may and said == WHY and (run_id, attempt) in self.red_attempts:
            self.overridden.add((run_id, attempt))

    def _try(self, act: Callable[[int], object], data: st.DataObject) -> None:
        """Do something to one of the runs, unless GitHub would not let it happen."""
        run_id = data.draw(st.sampled_from(self.runs))
        try:
            act(run_id)
        except SimulatorError:
            return
        self._pass()

    def _pass(self) -> None:
        """Let the gate do what is due, and a minute pass: GitHub tells whole seconds."""
        self.gate.advance(minutes=1)
        if self.latest != "success":
            for run_id in self.runs:
                view = self.gate.github.run_view(run_id)
                self.red_attempts.add((run_id, view.run_attempt))

    @invariant()
    def each_release_has_its_reason(self) -> None:
        """By a green, or by an override of this attempt that was complete and is on record."""
        if not hasattr(self, "gate"):
            return
        for run_id in self.runs:
            for review in self.gate.answers(run_id):
                said = review.comment or ""
                if review.state != "approved" or "validation passed" in said:
                    continue
                assert "Approved by override" in said
                recorded = [it for it in self.gate.trail(run_id) if it.kind == "override.recorded"]
                assert [it.detail["rationale"] for it in recorded] == [WHY] * len(recorded)
                attempts = {it.run_attempt for it in recorded}
                assert attempts
                assert {(run_id, it) for it in attempts} <= self.overridden
                for attempt in attempts:
                    of_attempt = [
                        it.kind for it in self.gate.trail(run_id) if it.run_attempt == attempt
                    ]
                    sent = of_attempt.index("review.sent")
                    assert of_attempt.index("override.recorded") < sent

    @invariant()
    def each_attempt_is_answered_once(self) -> None:
        """No request has two answers."""
        for run_id in self.runs:
            attempts = self.gate.github.run_view(run_id).run_attempt
            assert len(self.gate.answers(run_id)) <= attempts


TestOverrides = OverrideMachine.TestCase
TestOverrides.settings = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
