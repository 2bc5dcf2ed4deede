"""Which runs a held deployment keeps from deploying, and how people hear of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.model.facts import Behind
from gate.domain.requests.behind import count_behind
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision, Verdict
from gate.domain.requests.explanation.explain import COMMENT_LIMIT, explain
from gate.domain.requests.plan import plan
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_ledger, make_report
from tests.support.builders.policies import make_policy
from tests.support.builders.requests import make_decision, make_facts, make_request
from tests.support.builders.runs import make_run

OWN = make_run(run_id=700, status="waiting", conclusion=None)


def newer(**changes: Any) -> Any:
    """Make a newer run of the same workflow that waits for its turn."""
    values = {"run_id": 701, "status": "pending", "conclusion": None}
    return make_run(**values | changes)


OVER = {"status": "completed", "conclusion": "cancelled"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Behind(waiting=1)),
        ({"status": "queued"}, Behind(waiting=1)),
        (OVER, Behind(cancelled=1)),
        ({"status": "completed", "conclusion": "success"}, Behind()),
        ({"status": "waiting"}, Behind()),
        ({"status": "in_progress"}, Behind()),
        ({"run_id": 699}, Behind()),
        ({"run_id": 700}, Behind()),
        ({"started_at": OWN.started_at - timedelta(seconds=1)}, Behind()),
        ({"path": ".github/workflows/other.yml"}, Behind()),
        ({"head_branch": "feature"}, Behind()),
        ({"head_repository_id": 9}, Behind()),
        ({"repository_id": 9}, Behind()),
    ],
)
def test_newer_runs_of_the_workflow_and_branch_count(
    changes: dict[str, Any], expected: Behind
) -> None:
    """Those that have not begun, and those that were cancelled."""
    assert count_behind(OWN, [newer(**changes)]) == expected


def test_a_run_counts_once_by_its_newest_attempt() -> None:
    """Whoever re-ran a cancelled run has not lost it."""
    again = newer(run_attempt=2, status="in_progress")
    assert count_behind(OWN, [again, newer(**OVER)]) == Behind()
    assert count_behind(OWN, [newer(**OVER), newer(run_id=702)]) == Behind(1, 1)


def held(waiting: int, cancelled: int, **changes: Any) -> Decision:
    """Make the decision on a request with runs behind it."""
    return make_decision(behind=Behind(waiting, cancelled), **changes)


@pytest.mark.parametrize(
    ("waiting", "cancelled", "told"),
    [
        (1, 0, "Behind this hold: 1 newer run of this workflow. "),
        (2, 0, "Behind this hold: 2 newer runs of this workflow. "),
        (
            1,
            2,
            "Behind this hold: 3 newer runs of this workflow; 2 cancelled: re-run those you need. ",
        ),
    ],
)
def test_the_comment_tells_how_many(waiting: int, cancelled: int, told: str) -> None:
    """And says nothing without any."""
    comment = explain(held(waiting, cancelled), make_request(), NOW)
    assert told in comment
    assert len(comment) <= COMMENT_LIMIT
    assert "newer run" not in explain(held(0, 0), make_request(), NOW)


def topics(decision: Decision, *sent: str) -> list[str]:
    """List what a pass reports after what was reported before."""
    entries = [make_report(number, topic=topic) for number, topic in enumerate(sent, 1)]
    return [it.topic for it in plan(decision, make_request(), make_ledger(*entries), NOW)]


def test_lost_deployments_are_told_once() -> None:
    """Runs that only wait are no news, and neither are more of those that were cancelled."""
    first = "validation_failed"
    assert topics(held(0, 0)) == [first]
    assert topics(held(3, 0), first) == []
    assert topics(held(0, 1), first) == [f"{first}+behind"]
    assert topics(held(0, 7), first, f"{first}+behind") == []
    assert topics(held(0, 0), first, f"{first}+behind") == []
    assert topics(held(0, 1)) == [f"{first}+behind"]
    assert topics(held(0, 1), f"{first}+behind", "validation_running") == [f"{first}+behind"]
    assert topics(held(0, 1), f"{first}+behind", f"{first}+flows") == []
    assert topics(held(0, 1, last_call=True), first) == ["last_call/1"]
    assert topics(held(0, 1, last_call=True), first, "last_call/1") == []


def test_only_a_hold_holds_up() -> None:
    """What is released or rejected says nothing of others, and nothing of it changes a verdict."""
    facts = make_facts(behind=Behind(1, 1))
    released = decide(make_policy(), facts, NOW)
    assert (released.verdict, released.behind) == (Verdict.APPROVE, Behind())
    red = replace(facts, validations=(make_run(conclusion="failure"),))
    decision = decide(make_policy(), red, NOW)
    assert (decision.verdict, decision.behind) == (Verdict.WAIT, Behind(1, 1))
    without = decide(make_policy(), replace(red, behind=Behind()), NOW)
    assert replace(decision, behind=Behind()) == without
