"""Which events are worth a comment, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
    Alerted,
    Bypassed,
    Decided,
    FailedAgain,
    Happening,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.issue.remarks import next_remark, render_closed_by_hand
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId
from tests.support.builders.defaults import NOW
from tests.support.incidents import lived, make_failure

PASSED = Resolved(Resolution.VALIDATION_PASSED, "")
RUN = "https://github.com/acme/shop/actions/runs/602"


def remarks(*happenings: Happening) -> list[tuple[int, str]]:
    """List all remarks about an incident, as they would be made one after the other."""
    incident, timeline = lived(*happenings)
    told, found = 0, []
    while (remark := next_remark(incident, timeline, told)) is not None:
        found.append((remark.position, remark.body))
        told = remark.position
    return found


@pytest.mark.parametrize(
    "what",
    [
        FailedAgain(make_failure("a.yml", run_attempt=2)),
        Alerted("slack"),
        Acknowledged(),
        Decided(Course.ROLLBACK, "it leaks"),
        Silenced(NOW + timedelta(hours=4), "we know"),
    ],
)
def test_what_takes_nobody_is_not_said(what: Happening) -> None:
    """The issue's text says it; nobody is called."""
    assert remarks(what) == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            Overridden(RequestId(9), RUN, "the device is retired"),
            f"carol overrode the hold on [a deployment](<{RUN}>)",
        ),
        (
            Overridden(RequestId(9), "", "the device is retired"),
            "carol overrode the hold on a deployment",
        ),
        (Bypassed(RequestId(9), RUN), "Who did this, and why?"),
        (PASSED, "the validation passed"),
        (
            Resolved(Resolution.BY_HAND, "a false alarm"),
            "carol closed the incident: “a false alarm”",
        ),
    ],
)
def test_what_is_said(what: Happening, said: str) -> None:
    """It is said once, under a mark of its own."""
    ((position, body),) = remarks(what)
    assert position == 2
    assert said in body
    assert body.endswith("<!-- gate:incident/17/event/2 -->")


def test_a_summary() -> None:
    """How long each step took, and every decision."""
    ((_, body),) = remarks(
        Acknowledged(),
        Decided(Course.ROLLBACK, "it leaks"),
        Decided(Course.FIX_FORWARD, "b"),
        PASSED,
    )
    assert "**Resolved after 4 min**" in body
    assert "| Acknowledged | after 1 min, by carol |" in body
    assert "| Decided | after 3 min, by carol |" in body
    assert "rollback" in body
    assert "Last failing: `a.yml`." in body
    assert "Held deployments continue automatically." in body


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Resolution.BY_HAND, "The validation has not passed: held deployments wait until"),
        (Resolution.NOT_GATED, "Held deployments wait until the policy names the environment"),
    ],
)
def test_a_summary_says_what_becomes_of_held_deployments(how: Resolution, expected: str) -> None:
    """They continue only after a validation that passed."""
    ((_, body),) = remarks(Resolved(how, "why"))
    assert expected in body


def test_what_nobody_did_is_said_to_be_so() -> None:
    """An end that needed nobody."""
    ((_, body),) = remarks(PASSED)
    assert "| Acknowledged | never |" in body
    assert "| Decided | never |" in body


def test_what_is_past_is_not_said() -> None:
    """Of an end and a new beginning only what is so now is told."""
    again = Reopened(make_failure("a.yml", run_attempt=3))
    assert [position for position, _ in remarks(PASSED, again)] == [3]
    assert "**Reopened**" in remarks(PASSED, again)[0][1]
    # The ends of an incident that is over say the same: the first that is owed is enough.
    assert [position for position, _ in remarks(again, PASSED)] == [3]


def test_closing_by_hand() -> None:
    """It says what ends the incident instead."""
    incident, _ = lived()
    assert "/resolve <why>" in render_closed_by_hand(incident)
