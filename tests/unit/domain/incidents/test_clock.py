"""The clock of an incident: what is due, done or overdue, and what is next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.incidents.clock import (
    StepState,
    choose_runbook,
    describe_ending,
    find_next_deadline,
    read_clock,
)
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    Reopened,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import Word
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.incidents import after, lived, make_failure, make_incident

ROLLBACK = Decided(Course.ROLLBACK, "why")
OVER = Resolved(Resolution.VALIDATION_PASSED, "")


@pytest.mark.parametrize(
    ("happenings", "minutes", "states", "following", "runbook"),
    [
        ((), 14, ("due", "due", "open"), "Acknowledge", "page"),
        ((), 15, ("overdue", "due", "open"), "Acknowledge", "not-acknowledged"),
        ((), 60, ("overdue", "overdue", "open"), "Acknowledge", "not-acknowledged"),
        ((Acknowledged(),), 16, ("done", "due", "open"), "Decide", "page"),
        ((Acknowledged(),), 60, ("done", "overdue", "open"), "Decide", "not-decided"),
        ((ROLLBACK,), 16, ("done", "done", "open"), None, "page"),
        ((OVER,), 90, ("not needed", "not needed", "done"), None, "recovery"),
        ((Acknowledged(), OVER), 90, ("done", "not needed", "done"), None, "recovery"),
        ((OVER, Reopened(make_failure())), 14, ("due", "due", "open"), "Acknowledge", "page"),
    ],
)
def test_each_step_stands_somewhere(
    happenings: tuple[Happening, ...],
    minutes: int,
    states: tuple[str, ...],
    following: str | None,
    runbook: str,
) -> None:
    """The policy's deadlines are 15 and 60 minutes; resolving has none."""
    incident, _ = lived(*happenings)
    steps = read_clock(incident, AlertPolicy(), after(minutes=minutes))
    found = find_next_deadline(steps)
    assert tuple(it.state for it in steps) == states
    assert (found.name if found is not None else None) == following
    assert choose_runbook(incident, steps) == runbook


def test_what_was_done_late_says_so() -> None:
    """The deadlines count from the current outbreak."""
    word = Word(after(minutes=16), "mona")
    late = make_incident("a.yml", acknowledged=word, decided=word, course=Course.ROLLBACK)
    acknowledge, decide, _ = read_clock(late, AlertPolicy(), after(hours=2))
    assert (acknowledge.state, decide.state) == (StepState.LATE, StepState.DONE)
    assert decide.outcome == "decision: rollback"
    again = replace(late, later_outbreak_at=after(minutes=5))
    assert read_clock(again, AlertPolicy(), after(hours=2))[0].state is StepState.DONE


@pytest.mark.parametrize("how", Resolution)
def test_every_ending_has_words(how: Resolution) -> None:
    """An open incident has none."""
    incident, _ = lived(Resolved(how, "why"))
    assert describe_ending(incident)
    assert describe_ending(make_incident("a.yml")) == ""
