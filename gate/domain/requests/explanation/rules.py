"""List every rule that a decision was held against: what was seen, and what was wanted.

Pure, and plain text: pages and commands show the same list. The rules stand in the order in which
they are judged, so the first one that failed names the decision's main reason, and all of them
passed exactly when the evidence did. Names and details quote text that others wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gate.domain.evidence.cover import Changes, find_uncovered
from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import Beginning, beginning_of, newest_executions
from gate.domain.evidence.judge import judge_facts
from gate.domain.evidence.relevance import ValidationScope, last_change
from gate.domain.evidence.run_state import check_end, check_future, check_jobs
from gate.domain.model.facts import Facts
from gate.domain.model.policy.policy import (
    Covers,
    InvalidPolicy,
    LoadedPolicy,
    PolicyReading,
    UnavailablePolicy,
    ValidationRule,
    ValidationState,
)
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import STATE_REASON, deciding_policy
from gate.domain.requests.decision import ReasonCode
from gate.domain.text.durations import span


class Outcome(StrEnum):
    """What became of a rule; `not_reached`: what it asks about is not there to be judged."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was seen; `url` is GitHub's own address, empty where there is none."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `code` is the reason that it gives when it fails."""

    text: str
    outcome: Outcome
    seen: str
    wanted: str
    source: Source | None
    code: ReasonCode | None = None


def list_rules(reading: PolicyReading, facts: Facts, at: datetime) -> tuple[Rule, ...]:
    """List the rules of the policy that decides, as they stood at an instant.

    Where the organization's policy holds what the repository's own would let through, it is that
    one's rules.
    """
    policy = _policy_rule(reading, facts)
    environment = deciding_policy(reading, facts, at)
    if environment is None:
        return (policy,)
    rules = _Validation(environment.validation, facts, at)
    return policy, _facts_rule(facts), *rules.listed()


def first_failed(rules: tuple[Rule, ...]) -> Rule | None:
    """Return the rule that decides; None where all that were judged have passed."""
    return next((it for it in rules if it.outcome is Outcome.FAILED), None)


def _policy_rule(reading: PolicyReading, facts: Facts) -> Rule:
    text, wanted = "The policy is valid and names this environment", facts.request.environment
    match reading:
        case UnavailablePolicy(detail):
            code = ReasonCode.POLICY_UNAVAILABLE
            return Rule(text, Outcome.FAILED, detail, "the policy", None, code)
        case InvalidPolicy(problems, _, source):
            seen = "\n".join(map(str, problems))
            code = ReasonCode.POLICY_INVALID
            return Rule(text, Outcome.FAILED, seen, "a valid policy", Source(source), code)
        case LoadedPolicy(policy, _, source, _):
            if policy.environment(facts.request.environment) is None:
                seen = ", ".join(policy.environments) or "no environment"
                code = ReasonCode.ENVIRONMENT_NOT_IN_POLICY
                return Rule(text, Outcome.FAILED, seen, wanted, Source(source), code)
            return Rule(text, Outcome.PASSED, wanted, wanted, Source(source))
        case _:
            assert_never(reading)


def _facts_rule(facts: Facts) -> Rule:
    text, wanted = "GitHub returned everything that the gate asked for", "all facts"
    if facts.unavailable is None:
        return Rule(text, Outcome.PASSED, wanted, wanted, None)
    code = ReasonCode.FACTS_UNAVAILABLE
    return Rule(text, Outcome.FAILED, facts.unavailable, wanted, None, code)


_OUTCOMES: Final = {True: Outcome.PASSED, False: Outcome.FAILED}


class _Validation:
    """The rules about the validation, each judged by itself as far as its values are known."""

    def __init__(self, rule: ValidationRule, facts: Facts, at: datetime) -> None:
        self.rule, self.facts, self.at = rule, facts, at
        scope = ValidationScope(rule, facts.request.key.repository_id, facts.default_branch)
        self.branch = scope.branch
        self.change = last_change(facts.infrastructure, scope)
        self.evidence: Evidence = judge_facts(rule, facts, at)
        self.run: WorkflowRun | None = self.evidence.run
        is_over = self.run is not None and self.run.is_completed
        self.beginning = self._beginning() if is_over else None

    def _beginning(self) -> Beginning | None:
        return beginning_of(self.run, self.rule.required_jobs) if self.run is not None else None

    def listed(self) -> Iterator[Rule]:
        """List them in the order in which evidence is judged."""
        yield self._counts()
        if self.run is not None:
            yield from self._clock(self.run, self.run.started_at)
        yield self._finished()
        yield self._succeeded()
        yield from (self._job(name) for name in dict.fromkeys(self.rule.required_jobs))
        if self.run is not None and self.run.is_completed:
            yield from self._known_beginning(self.run)
        yield self._age()
        if self.rule.covers is not Covers.LATEST:
            yield self._cover()
        if self.evidence.report is not None and self.run is not None:
            yield self._flows(self.evidence.report, self.run)

    def _counts(self) -> Rule:
        workflow = self.rule.workflow.rpartition("/")[2]
        text = f"A run of {workflow} on {self.branch} counts as the validation"
        wanted = f"event: {', '.join(self.rule.events)}"
        if self.run is None:
            return Rule(
                text, Outcome.FAILED, "no such run", wanted, None, ReasonCode.VALIDATION_MISSING
            )
        return Rule(text, Outcome.PASSED, self.run.event, wanted, _source("run", self.run))

    def _clock(self, run: WorkflowRun, start: datetime) -> Iterator[Rule]:
        """List a start that lies ahead; the rule is not worth a line as long as clocks agree."""
        fault = check_future(run, start, self.at)
        if fault is not None:
            text, wanted = "It started in the past", "before now"
            seen = f"{start:%Y-%m-%d %H:%M} UTC"
            code = ReasonCode.VALIDATION_INCONCLUSIVE
            yield Rule(text, Outcome.FAILED, seen, wanted, _source("run", run), code)

    def _finished(self) -> Rule:
        text, wanted = "It has finished", "completed"
        if self.run is None:
            return Rule(text, Outcome.NOT_REACHED, "", wanted, None)
        source, seen = _source("run", self.run), self.run.status.replace("_", " ")
        if self.run.is_completed:
            return Rule(text, Outcome.PASSED, seen, wanted, source)
        if self.evidence.state is not ValidationState.RUNNING:
            seen = f"{seen}: {self.evidence.detail}"
        return Rule(text, Outcome.FAILED, seen, wanted, source, STATE_REASON[self.evidence.state])

    def _succeeded(self) -> Rule:
        text, wanted = "It succeeded", "success"
        if self.run is None or not self.run.is_completed:
            return Rule(text, Outcome.NOT_REACHED, "", wanted, None)
        source, seen = _source("run", self.run), (self.run.conclusion or "").replace("_", " ")
        fault = check_end(self.run)
        if fault is None:
            return Rule(text, Outcome.PASSED, seen, wanted, source)
        return Rule(text, Outcome.FAILED, seen, wanted, source, STATE_REASON[fault.state])

    def _job(self, name: str) -> Rule:
        text, wanted = f"Job {name} succeeded", "success"
        run = self.run
        if run is None or not run.is_completed or (run.jobs is None and check_end(run)):
            return Rule(text, Outcome.NOT_REACHED, "", wanted, None)
        ends = [
            (job.conclusion or job.status).replace("_", " ")
            for job in newest_executions(run)
            if job.name == name
        ]
        fault = check_jobs(_requiring(self.rule, name), run)
        seen, source = ", ".join(ends) or "did not run", _source("job of run", run)
        if fault is None:
            return Rule(text, Outcome.PASSED, seen, wanted, source)
        return Rule(text, Outcome.FAILED, seen, wanted, source, STATE_REASON[fault.state])

    def _known_beginning(self, run: WorkflowRun) -> Iterator[Rule]:
        """List what is wrong with the times of its jobs, where something is."""
        if self.beginning is not None:
            if not check_future(run, run.started_at, self.at):
                yield from self._clock(run, self.beginning.at)
        elif check_end(run) is None:
            text, wanted = "The start of each of its jobs is known", "all jobs"
            code = ReasonCode.VALIDATION_INCONCLUSIVE
            seen = "the gate does not know which jobs ran again"
            yield Rule(text, Outcome.FAILED, seen, wanted, _source("run", run), code)

    def _age(self) -> Rule:
        text, wanted = "It is recent enough", f"at most {span(self.rule.max_age)}"
        if self.run is None or self.beginning is None:
            return Rule(text, Outcome.NOT_REACHED, "", wanted, None)
        age = max(self.at - self.beginning.at, timedelta())
        job = self.beginning.job
        whose = f", since the start of job {job.name}" if job is not None else ""
        return Rule(
            text,
            _OUTCOMES[age <= self.rule.max_age],
            f"{span(age)}{whose}",
            wanted,
            _source("run", self.run),
            None if age <= self.rule.max_age else ReasonCode.VALIDATION_STALE,
        )

    def _cover(self) -> Rule:
        is_commit = self.rule.covers is Covers.SAME_COMMIT
        workflow = self.rule.infrastructure_workflow.rpartition("/")[2]
        text = (
            "It validated the commit that is deployed"
            if is_commit
            else f"It started after the last run of {workflow} had finished"
        )
        wanted = self.facts.request.head_sha[:7] if is_commit else "after it"
        run, beginning = self.run, self.beginning
        if run is None or beginning is None:
            return Rule(text, Outcome.NOT_REACHED, "", wanted, None)
        changes = Changes(self.change, self.facts.infrastructure_since)
        uncovered = find_uncovered(
            self.rule, run.head_sha, beginning.at, changes, self.facts.request.head_sha
        )
        source = _source("run", run)
        if not is_commit and self.change is not None:
            source = _source("infrastructure run", self.change)
        seen = run.head_sha[:7] if is_commit else f"it started {beginning.at:%Y-%m-%d %H:%M} UTC"
        if not is_commit and self.change is not None and self.change.is_completed:
            seen += f", the change ended {self.change.updated_at:%Y-%m-%d %H:%M} UTC"
        if uncovered is None:
            return Rule(text, Outcome.PASSED, seen, wanted, source)
        code = ReasonCode.VALIDATION_UNCOVERED
        return Rule(text, Outcome.FAILED, uncovered, wanted, source, code)

    def _flows(self, report: ValidationReport, run: WorkflowRun) -> Rule:
        text, wanted = "All its flows passed", "no flow failed or left out"
        source = _source("report of run", run)
        untried = len(report.not_run) + report.left_out.not_run
        total = len(report.flows)
        seen = f"{total} flow{'s' if total != 1 else ''} passed"
        if report.is_pass:
            return Rule(text, Outcome.PASSED, seen, wanted, source)
        code = ReasonCode.VALIDATION_INCONCLUSIVE
        seen = f"{untried} did not run" if untried else "no flow ran"
        if report.failures:
            code, seen = ReasonCode.VALIDATION_FAILED, f"{report.failures} failed"
        return Rule(text, Outcome.FAILED, seen, wanted, source, code)


def _requiring(rule: ValidationRule, name: str) -> ValidationRule:
    return ValidationRule(workflow=rule.workflow, required_jobs=(name,))


def _source(label: str, run: WorkflowRun) -> Source:
    attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
    return Source(f"{label} {run.run_id}{attempt}", run.html_url)
