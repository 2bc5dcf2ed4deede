from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.plan import FIRST_UPDATE_AFTER, Announcement, Message, plan_alerts
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    FailedAgain,
    Happening,
    IncidentEvent,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import LASTING, REOPEN_WITHIN, Incident, apply
from gate.domain.model.alert import AlertKind
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.builders.defaults import NOW
from tests.support.incidents import make_failure, make_incident

POLICY = AlertPolicy()


class Story:
    """An incident that is played, with what was said about it so far."""

    def __init__(self, incident: Incident | None = None) -> None:
        self.now = NOW
        self.incident = incident if incident is not None else make_incident()
        self.said: tuple[Announcement, ...] = ()
        self.messages: tuple[Message, ...] = ()

    def happen(self, what: Happening) -> None:
        """Let something happen now."""
        self.incident = apply(self.incident, IncidentEvent(self.now, "mona", what))

    def after(self, span: timedelta) -> list[str]:
        """Let time pass, and plan at each look on the way; list what was said."""
        end, told = self.now + span, self.look()
        while (ahead := self.plan_next()) is not None and ahead <= end:
            assert ahead > self.now, "planning again adds nothing"
            self.now = ahead
            told += self.look()
        self.now = end
        return told + self.look()

    def plan_next(self) -> datetime | None:
        """Return when the next look is."""
        return plan_alerts(self.incident, POLICY, self.said, self.now).next_look

    def look(self) -> list[str]:
        """Plan now; list what was said."""
        plan = plan_alerts(self.incident, POLICY, self.said, self.now)
        fingerprint = self.incident.failure.fingerprint
        self.said += tuple(
            Announcement(it.topic, it.kind, self.now, fingerprint) for it in plan.messages
        )
        self.messages += plan.messages
        return [it.topic for it in plan.messages]


def test_it_pages_at_once_and_once() -> None:
    """Planning again at the same instant adds nothing."""
    story = Story()
    assert story.look() == ["page"]
    assert story.look() == []


def test_late_steps_escalate_once_each_and_reminders_follow() -> None:
    """The clocks run from the opening, the reminders from the last word."""
    story = Story()
    assert story.after(timedelta(minutes=14, seconds=59)) == ["page"]
    assert story.after(timedelta(seconds=1)) == ["escalation/acknowledge"]
    assert story.after(timedelta(minutes=45)) == ["escalation/decide"]
    assert story.after(timedelta(hours=3, minutes=59)) == []
    assert story.after(timedelta(minutes=1)) == ["reminder/1"]
    assert story.after(timedelta(hours=8)) == ["reminder/2", "reminder/3"]


def test_who_acknowledges_in_time_is_not_escalated() -> None:
    """The decision is still asked for."""
    story = Story()
    story.look()
    story.happen(Acknowledged())
    assert story.after(timedelta(hours=1)) == ["escalation/decide"]


def test_who_decides_in_time_is_not_escalated() -> None:
    """Reminders go on until it is over."""
    story = Story()
    story.look()
    story.happen(Decided(Course.ROLLBACK, "why"))
    assert story.after(timedelta(hours=3, minutes=59)) == []
    assert story.after(timedelta(minutes=1)) == ["reminder/1"]


def test_news_are_told_once_and_spaced() -> None:
    """Other flows fail now; the same flows in another run are no news to people."""
    story = Story(make_incident("a.yml"))
    story.look()
    story.happen(Acknowledged())
    story.happen(FailedAgain(make_failure("a.yml", run_id=900)))
    assert story.after(timedelta(minutes=6)) == []
    story.happen(FailedAgain(make_failure("b.yml", run_id=901)))
    assert story.look() == ["update/1"]
    story.happen(FailedAgain(make_failure("c.yml", run_id=902)))
    assert story.after(2 * FIRST_UPDATE_AFTER - timedelta(seconds=1)) == []
    assert story.after(timedelta(seconds=1)) == ["update/2"]


def test_updates_take_ever_more_time() -> None:
    """Each doubles the space to the next, up to that of reminders."""
    story = Story(make_incident("a.yml"))
    story.look()
    story.happen(Decided(Course.FIX_FORWARD, "why"))
    at: list[float] = []
    for number in range(2000):
        story.happen(FailedAgain(make_failure(f"{number}.yml", run_id=number)))
        if story.after(timedelta(minutes=1)):
            at.append((story.now - NOW).total_seconds() / 60)
    gaps = [int(later - earlier) for earlier, later in itertools.pairwise(at)]
    assert gaps[:6] == [10, 20, 40, 80, 160, 240]
    assert set(gaps[6:]) == {240}


def test_a_silence_holds_everything_back_but_the_end() -> None:
    """What is late then is said when it is over."""
    story = Story()
    story.look()
    story.happen(Silenced(NOW + timedelta(hours=2), "known"))
    assert story.after(timedelta(minutes=119)) == []
    assert story.after(timedelta(minutes=1)) == ["escalation/acknowledge", "escalation/decide"]
    story.happen(Silenced(story.now + timedelta(days=9), "known"))
    assert story.after(timedelta(days=2)) == []
    story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
    assert story.look() == ["recovery/1"]


@pytest.mark.parametrize("how", list(Resolution))
def test_the_end_is_told_once(how: Resolution) -> None:
    """And nothing after it."""
    story = Story()
    story.look()
    story.happen(Resolved(how, "why"))
    assert story.after(timedelta(days=3)) == ["recovery/1"]
    assert story.plan_next() is None


def test_an_end_nobody_heard_the_beginning_of_is_not_told() -> None:
    """It was over before anything could be said."""
    story = Story()
    story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
    assert story.after(timedelta(days=1)) == []


def test_after_a_reopening_the_end_is_told_when_it_lasts() -> None:
    """That it fails again is news, in its time."""
    story = Story()
    story.look()
    story.happen(Acknowledged())
    story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
    assert story.after(timedelta(minutes=1)) == ["recovery/1"]
    story.happen(Reopened(make_failure(run_id=900)))
    assert story.after(timedelta(minutes=10)) == ["update/1"]
    story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
    assert story.after(LASTING - timedelta(seconds=1)) == []
    assert story.after(timedelta(seconds=1)) == ["recovery/2"]


def recover(story: Story, span: timedelta) -> list[str]:
    """Let it be green for a while; list what was said."""
    story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
    return story.after(span)


@pytest.mark.parametrize(
    ("green", "said"),
    [
        (LASTING - timedelta(seconds=1), ["update/1"]),
        (LASTING, ["page/2"]),
        (REOPEN_WITHIN, ["page/2"]),
    ],
)
def test_a_failure_after_an_end_that_lasted_pages_again(green: timedelta, said: list[str]) -> None:
    """And is to be acknowledged and decided again, with all the time that takes."""
    story = Story()
    story.look()
    story.happen(Decided(Course.FIX_FORWARD, "why"))
    assert recover(story, green) == ["recovery/1"]
    story.happen(Reopened(make_failure(run_id=900)))
    assert story.look() == said
    is_new = said == ["page/2"]
    late = ["escalation/acknowledge/2", "escalation/decide/2"] if is_new else []
    told = story.after(timedelta(minutes=14))
    assert [it for it in told if "escalation" in it] == []
    told = story.after(timedelta(minutes=46))
    assert [it for it in told if "escalation" in it] == late
    assert (story.incident.acknowledged is None) is is_new


def test_three_pages_a_day_and_then_updates() -> None:
    """The fourth outbreak pages when the first page is a day old, should it last so long."""
    story, told = Story(), list[str]()
    told += story.look()
    for number in range(3):
        told += recover(story, timedelta(minutes=30))
        story.happen(Reopened(make_failure(f"{number}.yml", run_id=900 + number)))
        told += story.after(timedelta(minutes=10))
    assert [it for it in told if "page" in it] == ["page", "page/2", "page/3"]
    assert told[-1] == "update/1"
    (update,) = (it for it in story.messages if it.kind is AlertKind.UPDATE)
    assert update.pages_from == NOW + timedelta(days=1)
    subject = AlertSubject("acme/shop", "", "", ())
    alert = render_alert(story.incident, update, POLICY, subject, story.now)
    assert alert.headline.startswith("acme/shop: production validation failed again (2.yml);")
    assert alert.summary.startswith(
        "Sent without a page: an incident pages at most 3 times in 24 hours."
        " The next page is possible from 2026-03-03 12:00 UTC."
    )
    told = story.after(NOW + timedelta(days=1) - story.now - timedelta(seconds=1))
    assert {it.split("/")[0] for it in told} == {"reminder"}
    assert story.after(timedelta(seconds=1)) == ["page/4"]
    assert "escalation/acknowledge/4" in story.after(POLICY.acknowledge_within)


def test_the_end_of_an_outbreak_without_a_page_is_told_late() -> None:
    """Else each of many would be told."""
    story = Story()
    story.look()
    for number in range(3):
        recover(story, timedelta(minutes=30))
        story.happen(Reopened(make_failure(run_id=900 + number)))
        story.look()
    assert recover(story, REOPEN_WITHIN - timedelta(seconds=1)) == []
    assert story.after(timedelta(seconds=1)) == ["recovery/4"]


def test_a_flapping_validation_pages_once_a_day() -> None:
    """10,000 failures in a day, each mended at once: one page, and spaced words."""
    story, told = Story(), list[str]()
    told += story.look()
    beat = timedelta(days=1) / 20_000
    for number in range(10_000):
        story.happen(Resolved(Resolution.VALIDATION_PASSED, ""))
        told += story.after(beat)
        story.happen(Reopened(make_failure(f"{number % 3}.yml", run_id=number)))
        told += story.after(beat)
    assert told.count("page") == 1
    assert len(told) < 20
    kinds = [it.kind for it in story.said]
    assert kinds.count(AlertKind.ESCALATION) == 2
    assert kinds.count(AlertKind.RECOVERY) == 1


def test_what_was_late_while_nobody_looked_is_said_without_repeating() -> None:
    """After a night without the gate: both escalations, and no reminder beside them."""
    story = Story()
    story.look()
    story.incident = replace(story.incident, failure=make_failure("new.yml", run_id=900))
    story.now += timedelta(hours=9)
    assert story.look() == ["escalation/acknowledge", "escalation/decide"]
    assert story.look() == []


def test_a_silence_ends_with_its_outbreak() -> None:
    """Whoever was told that it is over does not know that a failure would be silent."""
    story = Story()
    story.look()
    story.happen(Silenced(NOW + timedelta(hours=20), "known"))
    assert recover(story, timedelta(minutes=30)) == ["recovery/1"]
    story.happen(Reopened(make_failure(run_id=900)))
    assert story.look() == ["page/2"]
