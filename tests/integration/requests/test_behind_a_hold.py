"""A long hold does not lose later deployments without a word."""

from __future__ import annotations

from collections import Counter

from gate.simulator.faults import WebhookFault
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

GROUP = "deploy-frontend"
TOLD = "newer runs of this workflow"


def calls(gate: Gate) -> Counter[str]:
    """Let the hold be looked at again, and count what GitHub was asked about runs."""
    gate.settle()
    before = Counter(gate.github.totals().requests)
    gate.advance(minutes=6)
    made = Counter(gate.github.totals().requests) - before
    return Counter(
        {call: times for call, times in made.items() if "/actions/" in call and "GET" in call}
    )


def push(gate: Gate) -> int:
    """Start a deployment that has to wait for its concurrency group."""
    gate.github.advance(1)
    return gate.github.start_run(REPOSITORY, "deploy-frontend.yml", group=GROUP)


def test_cancelled_deployments_are_told_of_once(gate: Gate) -> None:
    """Within five minutes, from the webhooks that came anyway: no call is made for it."""
    gate.validate(REPOSITORY, "failure")
    held = gate.github.deploy(REPOSITORY, ENVIRONMENT, group=GROUP).run_id
    gate.settle()
    assert len(gate.reports(held)) == 1
    gate.advance(minutes=6)
    push(gate)
    usual = calls(gate)
    assert len(gate.reports(held)) == 1

    push(gate)
    assert calls(gate) <= usual
    _, told = gate.reports(held)
    assert f"Behind this hold: 2 {TOLD}; 1 cancelled: re-run those you need." in (
        told.comment or ""
    )

    push(gate)
    gate.advance(minutes=6)
    assert len(gate.reports(held)) == 2
    assert gate.answers(held) == []
    assert [it.kind for it in gate.trail(held)].count("decision.made") == 2

    gate.validate(REPOSITORY, "success")
    gate.settle()
    (answer,) = gate.answers(held)
    assert answer.state == "approved"
    assert TOLD not in (answer.comment or "")


def test_runs_that_no_webhook_told_of_are_not_counted(gate: Gate) -> None:
    """What is not known is not asked for."""
    gate.validate(REPOSITORY, "failure")
    held = gate.github.deploy(REPOSITORY, ENVIRONMENT, group=GROUP).run_id
    gate.settle()
    gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    push(gate)
    push(gate)
    gate.advance(minutes=6)
    assert len(gate.reports(held)) == 1
