"""Each event of an incident in words, and what its page says of alerts and commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.comments.commands import CommandProblem, UnknownCommand, parse_command
from gate.domain.incidents.alerts.outcome import AlertOutcome, describe_alert
from gate.domain.incidents.events import (
    Acknowledged,
    Alerted,
    AlertLost,
    Bypassed,
    Decided,
    Detailed,
    FailedAgain,
    Happening,
    IncidentEvent,
    Overridden,
    Recovery,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.story import (
    explain_standing,
    list_commands,
    name_remedy,
    summarize_failure,
    tell,
)
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId, RunId
from gate.domain.model.policy.policy import Mode
from tests.support.builders.defaults import NOW
from tests.support.incidents import after, lived, make_failure, make_incident

URL = "https://github.example/runs/7"


@pytest.mark.parametrize(
    ("what", "actor", "text", "mark"),
    [
        (FailedAgain(make_failure("a.yml")), None, "Failed again (a.yml)", "f"),
        (Reopened(make_failure("a.yml")), None, "Incident reopened: failed again (a.yml)", "f"),
        (Detailed(("x",)), None, "GitHub lists 1 artifact of the failed run", ""),
        (Alerted("slack"), None, "First alert delivered by slack", ""),
        (AlertLost("slack", "k"), None, "An alert by slack was lost: k", "f"),
        (Acknowledged(), "carol", "acknowledged the incident", ""),
        (Decided(Course.ROLLBACK, "w"), "carol", "decided: rollback", "h"),
        (Silenced(after(hours=4), "w"), "carol", "paused alerts until 2026-03-02 16:00 UTC", ""),
        (Overridden(RequestId(7), URL, "w"), "carol", "overrode the hold on a deployment", "o"),
        (Resolved(Resolution.BY_HAND, "w"), "carol", "closed the incident", "h"),
        (
            Resolved(Resolution.VALIDATION_PASSED, "", Recovery(RunId(7), 1, None, URL)),
            None,
            "Incident resolved: the validation passed",
            "p",
        ),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_event_is_told(what: Happening, actor: str | None, text: str, mark: str) -> None:
    """With the person who caused it, where one did."""
    told = tell(IncidentEvent(NOW, "carol", what))
    assert (told.actor, told.text, told.mark) == (actor, text, mark)
    assert told.quote == getattr(what, "why", "")


def test_a_bypass_has_no_person_and_leads_to_its_deployment() -> None:
    """GitHub tells nobody who it was."""
    told = tell(IncidentEvent(NOW, "gate", Bypassed(RequestId(7), URL)))
    assert (told.actor, told.request, told.url) == (None, 7, URL)


def test_a_failure_is_named_by_its_first_flows() -> None:
    """Or by the reason on record where no flow is named."""
    assert summarize_failure(make_failure("a", "b", "c", "d", "e")) == "a, b, c and 2 more"
    assert summarize_failure(make_failure()) == "the run is failed"


@pytest.mark.parametrize(
    ("course", "remedy"), [(Course.ROLLBACK, "roll back"), (Course.FIX_FORWARD, "fix it")]
)
def test_what_comes_next_is_what_was_decided(course: Course, remedy: str) -> None:
    """Without a decision, it is to fix it."""
    assert name_remedy(make_incident("a")) == "fix it"
    assert name_remedy(lived(Decided(course, "w"))[0]) == remedy


def test_the_commands_to_paste_are_commands() -> None:
    """Each is understood once the reason is filled in; a resolved incident has none."""
    listed = list_commands(make_incident("a"))
    commands = [f"{it.words}because" if it.blank else it.words for it in listed]
    assert "/ack" in commands
    assert not any("<why>" in it.words for it in listed)
    for text in commands:
        assert not isinstance(parse_command(text), CommandProblem | UnknownCommand | None)
    acknowledged, _ = lived(Acknowledged())
    assert "/ack" not in [it.words for it in list_commands(acknowledged)]
    over, _ = lived(Resolved(Resolution.VALIDATION_PASSED, ""))
    assert list_commands(over) == ()


@pytest.mark.parametrize("how", Resolution)
def test_every_end_says_what_it_means_for_deployments(how: Resolution) -> None:
    """And an open incident too."""
    incident, _ = lived(Resolved(how, "w"))
    assert explain_standing(incident) != explain_standing(make_incident("a"))


def test_an_alert_beside_a_green_run_holds_nothing() -> None:
    """Whatever the policy does otherwise."""
    incident = make_incident("a", failure=replace(make_failure("a"), by_alert_only=True))
    assert "The run itself passed" in explain_standing(incident)


def test_an_incident_where_the_policy_only_observes_holds_nothing() -> None:
    """To say that deployments wait would be wrong."""
    assert "holds no deployment" in explain_standing(make_incident("a"), Mode.OBSERVE)
    assert "Deployments wait" in explain_standing(make_incident("a"), Mode.ENFORCE)


@pytest.mark.parametrize(
    ("state", "outcome", "attempts", "maybe", "expected"),
    [
        ("owed", None, 0, False, AlertOutcome("run", "sending")),
        ("owed", "timeout", 1, False, AlertOutcome("hold", "retrying", "1 attempt, last: timeout")),
        (
            "owed",
            "cut_off",
            2,
            True,
            AlertOutcome("hold", "retrying", "2 attempts, last: cut_off; it may have arrived"),
        ),
        ("sent", "sent", 1, False, AlertOutcome("pass", "delivered")),
        (
            "refused",
            "gone",
            2,
            False,
            AlertOutcome("fail", "refused", "the channel refused it (gone)"),
        ),
        (
            "superseded",
            "acknowledged",
            0,
            False,
            AlertOutcome("none", "not sent", "the incident was acknowledged first"),
        ),
        (
            "superseded",
            "incident/1/update/2",
            0,
            False,
            AlertOutcome("none", "not sent", "a newer message replaced it"),
        ),
    ],
)
def test_what_became_of_an_alert(
    state: str, outcome: str | None, attempts: int, maybe: bool, expected: AlertOutcome
) -> None:
    """Why it failed or was not sent is told."""
    assert describe_alert(state, outcome, attempts, maybe_sent=maybe) == expected
