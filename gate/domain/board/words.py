"""Describe the state of each gated environment and its reason.

Pure. A deployment that waits decides what a cell says; without one, it is what the next deployment
would meet. Whether the newest validation covers a certain deployment is no matter here: no
deployment is at hand. All texts are plain, and may quote what others wrote, but never a policy that
the reader may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from gate.domain.board.cell import Cell, CellState, PlaceFacts
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.policy.policy import (
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Mode,
    UnavailablePolicy,
    ValidationRule,
    ValidationState,
)
from gate.domain.requests.decision import Decision, Reason, ReasonCode
from gate.domain.requests.explanation.details import is_said_already
from gate.domain.requests.explanation.phrases import because, describe, phrase
from gate.domain.text.escaping import cut

_MOST_FLOWS: Final = 2
_MOST_WORDS: Final = 160


def make_cell(facts: PlaceFacts) -> Cell:
    """Return what the board shows of a place."""
    found = _held(facts) if facts.queue is not None else _next(facts)
    evidence = facts.evidence or (facts.decision.evidence if facts.decision is not None else None)
    return Cell(
        environment=facts.environment,
        state=found.state,
        kind=found.kind,
        word=found.word,
        why=found.why,
        todo=found.todo,
        queue=facts.queue,
        asked=facts.asked,
        incident=facts.incident,
        run=evidence.run if evidence is not None else None,
        bar=facts.bar,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    state: CellState
    kind: str
    word: str
    why: str
    todo: str = ""


def _held(facts: PlaceFacts) -> _Found:
    """Describe a place in which deployments wait."""
    decision = facts.decision
    if decision is None:
        return _Found(CellState.HELD, "run", "deciding", "The gate has not decided yet")
    failed = decision.reason is ReasonCode.VALIDATION_FAILED
    first, others = decision.reasons[:1], decision.reasons[1:]
    more = _flows(facts) if failed else _main_detail(facts, decision)
    parts = because(first, decision.evidence), more
    why = _sentence(": ".join(it for it in parts if it))
    if others:
        why = f"{why}; {because(others, decision.evidence)}"
    return _Found(CellState.HELD, "fail" if failed else "hold", "on hold", why)


def _main_detail(facts: PlaceFacts, decision: Decision) -> str:
    """Return what makes the main reason concrete, unless that is said already or concealed."""
    reason = decision.reasons[0]
    if facts.is_concealed and reason.code is ReasonCode.POLICY_INVALID:
        return ""
    return "" if is_said_already(reason, decision) else _detail(reason)


def _detail(reason: Reason) -> str:
    """Return what makes a reason concrete, on one line; of a policy, its first problem."""
    lines = reason.detail.splitlines()
    if reason.code is ReasonCode.POLICY_INVALID:
        # The first line names the file, which the row does already.
        lines = lines[1:]
    return cut((lines or [""])[0].strip(), _MOST_WORDS)


def _next(facts: PlaceFacts) -> _Found:
    """Describe what the next deployment would meet."""
    match facts.policy:
        case None:
            why = "The gate has not read the policy of this repository yet"
            return _Found(CellState.UNKNOWN, "none", "unknown", why)
        case InvalidPolicy() if facts.is_concealed:
            why = "The organization's policy is invalid"
            return _Found(CellState.BLOCKED, "hold", "policy invalid", why)
        case InvalidPolicy(problems=problems):
            why = _sentence(phrase(ReasonCode.POLICY_INVALID))
            shown = f"{why}: {cut(str(problems[0]), _MOST_WORDS)}" if problems else why
            return _Found(CellState.BLOCKED, "hold", "policy invalid", shown)
        case UnavailablePolicy(detail=detail):
            reason = Reason(ReasonCode.POLICY_UNAVAILABLE, detail)
            why = f"{_sentence(phrase(reason.code))}: {_detail(reason)}"
            return _Found(CellState.BLOCKED, "hold", "policy unknown", why)
        case LoadedPolicy(policy=policy):
            return _by_policy(facts, policy.environment(facts.environment))
        case _:
            assert_never(facts.policy)


def _by_policy(facts: PlaceFacts, rule: EnvironmentPolicy | None) -> _Found:
    evidence = facts.evidence
    if rule is None:
        why = _sentence(phrase(ReasonCode.ENVIRONMENT_NOT_IN_POLICY))
        todo = "Add the environment to the policy, or remove the gate from it"
        return _Found(CellState.BLOCKED, "hold", "no policy entry", why, todo)
    if evidence is None:
        return _Found(CellState.UNKNOWN, "none", "unknown", "No validation is known")
    if rule.mode is Mode.OBSERVE:
        return _observed(facts, evidence)
    return _by_evidence(facts, rule, evidence)


def _observed(facts: PlaceFacts, evidence: Evidence) -> _Found:
    """Describe an environment whose policy only observes."""
    words = _because(facts, evidence)
    passed = evidence.state is ValidationState.PASSED
    why = f"Would be open: {words}" if passed else f"Would have held: {words}"
    return _Found(CellState.OBSERVED, "note", "observed", why)


def _by_evidence(facts: PlaceFacts, rule: EnvironmentPolicy, evidence: Evidence) -> _Found:
    why = _sentence(_because(facts, evidence))
    match evidence.state:
        case ValidationState.PASSED:
            return _Found(CellState.OPEN, "pass", "open", why)
        case ValidationState.FAILED:
            return _Found(CellState.FAILED, "fail", "failed", why)
        case ValidationState.RUNNING | ValidationState.WAITS_FOR_ITSELF:
            return _Found(CellState.VALIDATING, "run", "validating", why)
        case ValidationState.INCONCLUSIVE | ValidationState.UNCOVERED:
            return _Found(CellState.BLOCKED, "hold", "no result", why)
        case ValidationState.STALE:
            return _Found(CellState.BLOCKED, "hold", "too old", why)
        case ValidationState.MISSING:
            why = f"No run of {_name_workflow(facts, rule.validation)}"
            todo = "Add the workflow and run it once"
            return _Found(CellState.UNVALIDATED, "none", "never validated", why, todo)
        case _:
            assert_never(evidence.state)


def _name_workflow(facts: PlaceFacts, rule: ValidationRule) -> str:
    """Name the workflow and the branch whose runs count."""
    if facts.is_concealed:
        return "the workflow that the organization's policy names"
    return f"{rule.workflow} on {rule.branch or 'the default branch'}"


_CODES: Final = {state: ReasonCode(f"validation_{state.value}") for state in ValidationState}


def _because(facts: PlaceFacts, evidence: Evidence) -> str:
    """Name what the newest validation shows, with the flows that fail."""
    words, more = describe(_CODES[evidence.state], evidence)
    shown = f"{words} ({more})" if more else words
    flows = _flows(facts) if evidence.state is ValidationState.FAILED else ""
    return f"{shown}: {flows}" if flows else shown


def _flows(facts: PlaceFacts) -> str:
    """Name the flows that fail, those first that are new; nothing where no report names any."""
    failure = facts.incident.failure if facts.incident is not None else None
    if failure is not None and failure.newly_failing:
        return f"{_names(failure.newly_failing)}, newly failing"
    if failure is not None and failure.flows:
        return _names(tuple(flow.flow_name for flow in failure.flows))
    report = facts.evidence.report if facts.evidence is not None else None
    return _names(tuple(flow.name for flow in report.failed)) if report is not None else ""


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(cut(name, 60) for name in names[:_MOST_FLOWS])
    rest = len(names) - _MOST_FLOWS
    return f"{shown} and {rest} more" if rest > 0 else shown


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
