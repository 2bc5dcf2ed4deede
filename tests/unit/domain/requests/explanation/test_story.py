"""What happened to a deployment is told once, in the order of cause and effect."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    IncidentEvent,
    Overridden,
    Reopened,
)
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId, RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.requests.explanation.story import (
    MOST_EVENTS,
    AlertTrace,
    Event,
    Mark,
    SeenEvidence,
    TrailEntry,
    alert_events,
    incident_events,
    tell,
    trail_events,
    validation_events,
)
from tests.support.builders.defaults import NOW, before
from tests.support.builders.runs import make_run
from tests.support.incidents import make_evidence, make_failure

PAGE: Final = "https://github.com/acme/shop/actions/runs/601"
LATER: Final = NOW + timedelta(seconds=30)


def entry(kind: str, reason: str | None = None, at: datetime = NOW, **detail: Any) -> TrailEntry:
    """Make an entry of the trail, by the gate."""
    return TrailEntry(1, at, kind, "gate", reason, detail)


def titles(*entries: TrailEntry) -> list[str]:
    """Return the titles of a trail's events."""
    return [it.title for it in trail_events(entries, PAGE)]


def decided(verdict: str, reason: str, at: datetime = NOW) -> TrailEntry:
    """Make the entry of a decision."""
    return entry("decision.made", reason, at, verdict=verdict, decision_id=7)


@pytest.mark.parametrize(
    ("verdict", "reason", "title", "mark"),
    [
        ("wait", "validation_failed", "On hold: production validation failed", Mark.HOLD),
        ("approve", "validation_passed", "Approved: production validation passed", Mark.GREEN),
        ("approve", "override", "Approved: a reviewer has overridden the hold", Mark.OVERRIDE),
        ("reject", "gave_up", "Rejected: the hold reached its time limit", Mark.RED),
        ("allow", "an_old_word", "allow: an_old_word", Mark.PLAIN),
    ],
)
def test_a_decision_has_its_main_reason(verdict: str, reason: str, title: str, mark: Mark) -> None:
    """One in words that are no longer the gate's is quoted."""
    (event,) = trail_events([decided(verdict, reason)], PAGE)
    assert (event.title, event.mark, event.source) == (title, mark, "decision 7")


def test_a_decision_that_repeats_another_says_so() -> None:
    """Two equal lines would look like a mistake."""
    wait = decided("wait", "validation_failed")
    running = decided("wait", "validation_running")
    assert titles(wait, wait, running, wait) == [
        "On hold: production validation failed",
        "Still on hold: production validation failed",
        "On hold: production validation is still running",
        "On hold: production validation failed",
    ]


@pytest.mark.parametrize(
    ("found", "title", "mark"),
    [
        (entry("request.opened"), "Deployment asked for approval", Mark.HOLD),
        (entry("bypass.detected"), "An administrator bypassed the gate", Mark.RED),
        (
            entry("request.closed", "run_cancelled"),
            "The run was cancelled, so GitHub no longer waits",
            Mark.HOLD,
        ),
        (entry("review.sent", state="approved"), "Approval sent to GitHub", Mark.GREEN),
        (entry("review.refused", state="rejected"), "Rejection refused by GitHub", Mark.RED),
        (entry("report.sent"), "Status report sent to GitHub", Mark.PLAIN),
        (entry("status.sent"), "Deployment status with the override sent to GitHub", Mark.PLAIN),
        (entry("lease.taken_over"), "lease taken over", Mark.PLAIN),
    ],
)
def test_each_entry_has_a_title_and_a_mark(found: TrailEntry, title: str, mark: Mark) -> None:
    """A kind that is not known here is shown by its name."""
    (event,) = trail_events([found], PAGE)
    assert (event.title, event.mark, event.url) == (title, mark, PAGE)


def test_how_a_call_ended_is_shown_unless_it_went_well() -> None:
    """GitHub's words for it, readable."""
    lost = entry("report.lost", outcome="timed_out")
    sent = entry("report.sent", outcome="sent")
    assert [it.lines for it in trail_events([lost, sent], PAGE)] == [("timed out",), ()]


def claim(kind: str, at: datetime = NOW, **detail: Any) -> TrailEntry:
    """Make an entry about carol's override."""
    given = {"claim": "c1", "channel": "comment", "rationale": "ship it", "url": PAGE}
    return TrailEntry(2, at, kind, "carol", None, given | detail)


def test_an_override_is_quoted_once_with_what_became_of_it() -> None:
    """What the gate looks up only later is not held against the person."""
    faults = [
        {"code": "eligibility_unknown", "detail": "not checked yet"},
        {"code": "rationale_short", "detail": "14 more characters"},
    ]
    entries = [claim("override.requested"), claim("override.refused", refusals=faults)]
    (event,) = trail_events(entries, PAGE)
    assert event == Event(
        NOW,
        Mark.RED,
        "Override by carol refused",
        "ship it",
        ("14 more characters",),
        PAGE,
        "by comment",
    )


def test_what_is_unknown_is_shown_where_it_is_all() -> None:
    """A refusal without any reason would be a riddle."""
    faults = [{"code": "eligibility_unknown", "detail": "not checked yet"}]
    (event,) = trail_events([claim("override.refused", refusals=faults, detail="more")], PAGE)
    assert event.lines == ("not checked yet", "more")


def test_an_override_that_nothing_became_of_is_shown_as_asked_for() -> None:
    """Nothing anybody said is left out."""
    assert titles(claim("override.requested")) == ["Override by carol asked for"]


def test_an_override_stands_before_the_decision_of_the_same_instant() -> None:
    """The trail has them the other way round."""
    entries = [decided("approve", "override"), claim("override.recorded")]
    assert titles(*entries) == [
        "Override by carol accepted",
        "Approved: a reviewer has overridden the hold",
    ]


def seen(at: datetime, *flows: str, **changes: Any) -> SeenEvidence:
    """Make what a decision saw of a validation that failed."""
    return SeenEvidence(at, make_evidence(ValidationState.FAILED, *flows, **changes))


def test_a_validation_is_told_as_it_was_seen_last() -> None:
    """With the flows of its report; each attempt is one of its own."""
    running = seen(before(minutes=9), status="in_progress", conclusion=None)
    ended = seen(before(minutes=2), "checkout.yml", conclusion="timed_out", run_attempt=2)
    first, second = validation_events([running, ended])
    assert (first.title, first.mark, first.at) == (
        "Validation run 501 started",
        Mark.PLAIN,
        before(hours=1),
    )
    assert second.title == "Validation run 501, attempt 2 ended: timed out"
    assert second.mark is Mark.RED
    assert second.lines == ("failed: checkout.yml: not visible",)


def test_more_flows_than_a_story_lists_are_counted() -> None:
    """The incident has them all."""
    (event,) = validation_events([seen(NOW, *(f"{it}.yml" for it in range(5)))])
    assert event.lines[-1] == "and 2 more flows"


def test_a_validation_is_no_later_than_what_it_caused() -> None:
    """GitHub's clock may be ahead; the first decision that saw the end counts, not the newest."""
    ahead = NOW + timedelta(minutes=1)
    (event,) = validation_events(
        [seen(at, conclusion="failure", updated_at=ahead) for at in (NOW, LATER)]
    )
    assert event.at == NOW
    story = tell([event, *trail_events([decided("wait", "validation_failed")], PAGE)])
    assert [it.title for it in story.events] == [
        "Validation run 501 ended: failure",
        "On hold: production validation failed",
    ]


def test_evidence_without_a_run_is_no_event() -> None:
    """There is nothing to link."""
    nothing = SeenEvidence(NOW, Evidence(ValidationState.MISSING, None, ""))
    assert list(validation_events([nothing])) == []


def test_an_inconclusive_validation_is_marked_as_a_hold() -> None:
    """It neither passed nor failed."""
    evidence = Evidence(ValidationState.INCONCLUSIVE, make_run(conclusion="cancelled"), "")
    (event,) = validation_events([SeenEvidence(NOW, evidence)])
    assert event.mark is Mark.HOLD


@pytest.mark.parametrize(
    ("what", "title", "mark", "quote"),
    [
        (Acknowledged(), "carol acknowledged the incident", Mark.PLAIN, ""),
        (Decided(Course.ROLLBACK, "quickest"), "carol decided: rollback", Mark.HOLD, "quickest"),
        (
            Reopened(make_failure("checkout.yml")),
            "Incident reopened: failed again (checkout.yml)",
            Mark.RED,
            "",
        ),
        (
            Overridden(RequestId(5), PAGE, "urgent"),
            "carol overrode the hold on a deployment",
            Mark.OVERRIDE,
            "urgent",
        ),
    ],
)
def test_the_incident_is_told_in_the_words_of_its_own_page(
    what: Happening, title: str, mark: Mark, quote: str
) -> None:
    """With the person who did it."""
    (event,) = incident_events([IncidentEvent(NOW, "carol", what)], RequestId(9))
    assert (event.title, event.mark, event.quote) == (title, mark, quote)


def test_an_override_of_the_deployment_itself_is_not_told_twice() -> None:
    """Its own trail has more about it."""
    event = IncidentEvent(NOW, "carol", Overridden(RequestId(9), PAGE, "urgent"))
    assert list(incident_events([event], RequestId(9))) == []


def trace(channel: str, state: str, **changes: Any) -> AlertTrace:
    """Make what became of an alert."""
    values: dict[str, Any] = {
        "key": "incident/17/page/1",
        "kind": "page",
        "channel": channel,
        "state": state,
        "planned_at": NOW,
        "settled_at": None,
        "attempts": 0,
        "outcome": None,
        "maybe_sent": False,
    }
    return AlertTrace(**values | changes)


def test_an_alert_is_one_event_with_a_line_for_each_channel() -> None:
    """How long it took, or why it did not arrive."""
    (event,) = alert_events(
        [
            trace("slack", "sent", settled_at=NOW + timedelta(seconds=1.5)),
            trace("email", "owed"),
            trace("webhook", "refused", outcome="HTTP 404", settled_at=NOW),
        ]
    )
    assert event.title == "Alert: page"
    assert event.lines == (
        "slack: delivered after 1.5 s",
        "email: sending",
        "webhook: refused, the channel refused it (HTTP 404)",
    )


def test_of_a_long_story_the_first_and_the_newest_events_stay() -> None:
    """How many are left out is told."""
    events = [
        Event(NOW + timedelta(seconds=it), Mark.PLAIN, str(it)) for it in range(MOST_EVENTS + 10)
    ]
    story = tell(reversed(events), left_out=3)
    assert len(story.events) == MOST_EVENTS
    assert (story.events[0], story.events[1]) == (events[0], events[11])
    assert story.left_out == 13
    assert tell(events[:2], left_out=3).left_out == 3


def test_a_run_of_another_number_is_another_validation() -> None:
    """A decision may rest on one, and the next on the other."""
    found = validation_events([seen(NOW, run_id=RunId(1)), seen(LATER, run_id=RunId(2))])
    assert len(list(found)) == 2
