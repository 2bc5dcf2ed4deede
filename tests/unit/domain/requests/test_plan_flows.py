"""A report that comes while a failure holds is told once, if GitHub takes another report."""

from __future__ import annotations

import pytest

from gate.domain.evidence.comparison import compare
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ledger import REPORT_LIMIT, LedgerEntry
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import FlowStatus, ValidationReport
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.plan import KEPT_FOR_THE_END, plan
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_ledger, make_report
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_request
from tests.support.builders.runs import make_run

FAILED = make_flow("add.yml", FlowStatus.FAILED)
PLAIN, FLOWS = "validation_failed", "validation_failed+flows"


def held(
    report: ValidationReport | None = None,
    state: ValidationState = ValidationState.FAILED,
    *,
    last_call: bool = False,
) -> Decision:
    """Make a hold on a run with this report."""
    evidence = Evidence(
        state,
        make_run(),
        "",
        report=report,
        comparison=compare(report, None) if report is not None else None,
    )
    return make_decision(
        Verdict.WAIT, ReasonCode(f"validation_{state}"), evidence=evidence, last_call=last_call
    )


def topics(decision: Decision, *told: str) -> list[str]:
    """Name what is planned when these topics were told."""
    entries: list[LedgerEntry] = [make_report(at, topic=it) for at, it in enumerate(told, 1)]
    effects = plan(decision, make_request(), make_ledger(*entries), NOW)
    return [effect.topic for effect in effects]


RED = held(make_validation_report(FAILED))
OTHER = held(make_validation_report(FAILED, make_flow("b", FlowStatus.FAILED), run_id=502))


@pytest.mark.parametrize(
    ("decision", "told", "planned"),
    [
        (held(), [], [PLAIN]),
        (RED, [], [FLOWS]),
        (RED, [PLAIN], [FLOWS]),
        (RED, [FLOWS], []),
        (RED, [PLAIN, FLOWS], []),
        (OTHER, [PLAIN, FLOWS], []),
        (held(), [PLAIN, FLOWS], []),
        (RED, [PLAIN, FLOWS, "validation_running"], [FLOWS]),
        (held(make_validation_report()), [PLAIN], []),
        (
            held(make_validation_report(FAILED), ValidationState.RUNNING),
            ["validation_running"],
            [],
        ),
        (held(make_validation_report(FAILED), ValidationState.STALE), ["validation_stale"], []),
        (held(make_validation_report(FAILED), last_call=True), [FLOWS, "last_call/1"], []),
    ],
)
def test_flows_are_told_once(decision: Decision, told: list[str], planned: list[str]) -> None:
    """Neither more flows nor the next failed run make another report; a change of reason does."""
    assert topics(decision, *told) == planned


def test_flows_keep_the_report_for_the_end() -> None:
    """The last one that GitHub takes is not theirs."""
    told = [f"topic-{number}" for number in range(REPORT_LIMIT - KEPT_FOR_THE_END - 1)]
    assert topics(RED, *told) == [FLOWS]
    assert topics(RED, *told, PLAIN) == []
