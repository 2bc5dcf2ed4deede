"""What the subject line of an alert says, who must act by when, and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from gate.domain.incidents.alerts.plan import (
    ARTIFACTS,
    LATE_TO_ACKNOWLEDGE,
    LATE_TO_DECIDE,
    Message,
)
from gate.domain.incidents.alerts.words import MOST_HELD, headline, list_next_steps, summarize
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    IncidentEvent,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import Incident, apply
from gate.domain.model.alert import AlertKind, HeldDeployment, Severity
from gate.domain.model.course import Course
from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.builders.defaults import NOW
from tests.support.incidents import after, make_failure, make_incident

POLICY = AlertPolicy()
HELD = tuple(HeldDeployment(RunId(601 + n), 1, "production-frontend", "") for n in range(2))
PASSED = Resolved(Resolution.VALIDATION_PASSED, "")
ACCEPTED = Resolved(Resolution.RISK_ACCEPTED, "why")
BY_HAND = Resolved(Resolution.BY_HAND, "why")
NOT_GATED = Resolved(Resolution.NOT_GATED, "")


def message(kind: AlertKind, topic: str = "", pages_from: datetime | None = None) -> Message:
    """Make a message of a kind."""
    return Message(topic or kind.value, kind, Severity.WARNING, pages_from)


def lived(*happenings: Happening, names: tuple[str, ...] = ("a.yml",)) -> Incident:
    """Make an incident to which carol has done things at once."""
    incident = make_incident(*names)
    for what in happenings:
        incident = apply(incident, IncidentEvent(NOW, "carol", what))
    return incident


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (message(AlertKind.PAGE), "production validation failed (a.yml)"),
        (message(AlertKind.UPDATE), "the failing flows changed (a.yml)"),
        (
            replace(message(AlertKind.UPDATE), is_again=True),
            "production validation failed again (a.yml)",
        ),
        (
            message(AlertKind.UPDATE, f"{ARTIFACTS}/1"),
            "artifacts of the failed validation are available (a.yml)",
        ),
        (
            message(AlertKind.REMINDER),
            "production validation (a.yml) still failing after 4 h",
        ),
        (
            message(AlertKind.ESCALATION, LATE_TO_ACKNOWLEDGE),
            "failed validation (a.yml) not acknowledged after 4 h",
        ),
        (
            message(AlertKind.ESCALATION, LATE_TO_DECIDE),
            "no decision on the failed validation (a.yml) after 4 h",
        ),
    ],
)
def test_a_subject_line_stands_alone(said: Message, expected: str) -> None:
    """It names the repository, what happened and how many deployments are held."""
    line = headline(lived(), said, "acme/shop", HELD, after(hours=4))
    assert line == f"acme/shop: {expected}; 2 deployments held"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (message(AlertKind.PAGE), "the validation job raised an alert although its run passed"),
        (message(AlertKind.REMINDER), "alert from the validation job still open after 4 h"),
    ],
)
def test_an_alert_of_a_green_run_is_not_called_a_failure(said: Message, expected: str) -> None:
    """The run passed; only its job asked for attention."""
    failure = replace(make_failure(), by_alert_only=True)
    line = headline(lived(names=()), said, "acme/shop", HELD, after(hours=4))
    assert "production validation" in line
    incident = replace(lived(names=()), failure=failure)
    line = headline(incident, said, "acme/shop", HELD, after(hours=4))
    assert line == f"acme/shop: {expected}; 2 deployments held"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (PASSED, " is green again after 13 s; held deployments continue"),
        (ACCEPTED, ": carol accepted the risk after 13 s; deployments stay held"),
        (BY_HAND, ": carol closed the incident after 13 s; deployments stay held"),
        (NOT_GATED, ": incident closed after 13 s; the policy no longer gates it"),
    ],
)
def test_a_recovery_says_whether_deployments_continue(what: Resolved, expected: str) -> None:
    """Only a validation that passed releases them."""
    line = headline(lived(what), message(AlertKind.RECOVERY), "acme/shop", (), after(seconds=13))
    assert line == f"acme/shop production-frontend{expected}"


@pytest.mark.parametrize(
    ("names", "held", "expected"),
    [
        ((), 0, "failed; no deployment is waiting"),
        (("a.yml",), 1, "failed (a.yml); 1 deployment held"),
        (("a.yml", "b.yml"), 0, "failed (a.yml, b.yml); no deployment is waiting"),
        (
            ("a.yml", "b.yml", "c.yml", "d.yml"),
            MOST_HELD,
            "failed (a.yml, b.yml and 2 more); 20 or more deployments held",
        ),
    ],
)
def test_flows_and_deployments_are_counted(
    names: tuple[str, ...], held: int, expected: str
) -> None:
    """Two flows are named; what is not listed is counted."""
    incident = lived(names=names)
    line = headline(incident, message(AlertKind.PAGE), "acme/shop", HELD[:1] * held, NOW)
    assert line == f"acme/shop: production validation {expected}"


@pytest.mark.parametrize(
    ("happenings", "minutes", "expected"),
    [
        ((), 0, "On call: acknowledge by 2026-03-02 12:15 UTC, decide by 2026-03-02 13:00 UTC."),
        (
            (),
            15,
            (
                "Nobody has acknowledged the incident (overdue since 2026-03-02 12:15 UTC)."
                " No decision yet; due by 2026-03-02 13:00 UTC."
            ),
        ),
        (
            (Acknowledged(),),
            15,
            "carol acknowledged the incident. No decision yet; due by 2026-03-02 13:00 UTC.",
        ),
        (
            (Acknowledged(),),
            60,
            (
                "carol acknowledged the incident. No decision yet (overdue since 2026-03-02 13:00"
                " UTC)."
            ),
        ),
        ((Decided(Course.ROLLBACK, "it leaks"),), 60, "carol decided: rollback."),
    ],
)
def test_the_summary_says_who_must_act_by_when(
    happenings: tuple[Happening, ...], minutes: int, expected: str
) -> None:
    """Times have a zone, and what is overdue is marked from the very moment."""
    text = summarize(
        lived(*happenings), message(AlertKind.REMINDER), POLICY, after(minutes=minutes)
    )
    assert text == f"{expected} 1 flow failed."


@pytest.mark.parametrize(
    ("names", "newly", "expected"),
    [
        ((), None, "Reason: the run is failed."),
        (("a.yml", "b.yml"), None, "2 flows failed."),
        (("a.yml", "b.yml"), ("b.yml",), "2 flows failed (1 newly failing)."),
        (("a.yml",), (), "1 flow failed (none newly failing)."),
    ],
)
def test_new_failures_are_told_from_old_ones(
    names: tuple[str, ...], newly: tuple[str, ...] | None, expected: str
) -> None:
    """As far as the validation before was reported."""
    incident = lived(names=names)
    incident = replace(incident, failure=replace(incident.failure, newly_failing=newly))
    assert summarize(incident, message(AlertKind.PAGE), POLICY, NOW).endswith(expected)


def test_overdue_steps_are_marked() -> None:
    """A deadline that has passed is not repeated as one to keep."""
    assert list_next_steps(lived(), POLICY, NOW)[0] == (
        "Acknowledge by 2026-03-02 12:15 UTC: comment /ack on the incident's issue"
    )
    steps = list_next_steps(lived(), POLICY, after(hours=1))
    assert steps[0].startswith("Acknowledge (overdue): ")
    assert steps[4].startswith("Decide (overdue): ")


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (PASSED, "The validation passed, and the incident is closed."),
        (ACCEPTED, "The validation has not passed: "),
        (BY_HAND, "The validation has not passed: "),
        (NOT_GATED, "Held deployments wait until the policy names the environment again."),
    ],
)
def test_a_recovery_says_whether_anybody_must_act(what: Resolved, expected: str) -> None:
    """Nobody has to after a pass."""
    text = summarize(lived(what), message(AlertKind.RECOVERY), POLICY, NOW)
    assert text.startswith(expected)


@pytest.mark.parametrize("kind", [AlertKind.BYPASS, AlertKind.POLICY, AlertKind.UNANSWERED])
def test_what_is_about_no_failure_is_written_elsewhere(kind: AlertKind) -> None:
    """A message of the wrong kind is a bug, and says so."""
    with pytest.raises(ValueError, match="not about a failure"):
        headline(lived(), message(kind), "acme/shop", (), NOW)


def test_what_people_have_done_is_no_next_step() -> None:
    """An acknowledged and decided incident is left to be fixed."""
    steps = list_next_steps(lived(Decided(Course.ROLLBACK, "it leaks")), POLICY, NOW)
    assert [it for it in steps if it.startswith(("Acknowledge", "Decide"))] == []
    assert steps[-1].startswith("Fix the failure and re-run the validation")


def test_an_alert_of_a_green_run_holds_nothing_and_says_so() -> None:
    """People have to stop deployments themselves."""
    incident = lived()
    failure = replace(incident.failure, by_alert_only=True)
    steps = list_next_steps(replace(incident, failure=failure), POLICY, NOW)
    assert any(it.startswith("Stop deployments yourself if needed") for it in steps)


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        ((PASSED,), ["Check that held deployments continue"]),
        (
            (Decided(Course.ROLLBACK, "it leaks"), PASSED),
            ["Check that held deployments continue", "Plan when to re-apply the change"],
        ),
        ((ACCEPTED,), ["Re-run the validation to release held deployments"]),
        ((NOT_GATED,), ["Add the environment to the policy again"]),
    ],
)
def test_steps_after_the_end(happenings: tuple[Happening, ...], expected: list[str]) -> None:
    """They depend on how the incident was resolved."""
    steps = list_next_steps(lived(*happenings), POLICY, NOW)
    assert [it.startswith(begins) for it, begins in zip(steps, expected, strict=True)] == [
        True
    ] * len(expected)
