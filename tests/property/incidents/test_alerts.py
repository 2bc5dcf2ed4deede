"""Whatever happens to an incident, people are called for each outbreak and not kept awake."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.outbox import coalesce
from gate.domain.incidents.alerts.plan import (
    FIRST_UPDATE_AFTER,
    Announcement,
    of_outbreak,
    plan_alerts,
)
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
from gate.domain.incidents.incident import Incident, apply
from gate.domain.model.alert import Alert, AlertKind, Severity
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.builders.defaults import NOW
from tests.support.incidents import make_failure, make_incident

spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=9))
flaps = st.timedeltas(min_value=timedelta(0), max_value=timedelta(minutes=59))
names = st.sampled_from(["a.yml", "b.yml", "c.yml"])
acts = st.sampled_from(
    ["fail", "end", "acknowledge", "decide", "accept", "silence", "nothing", "nothing"]
)
policies = st.builds(
    AlertPolicy,
    remind_every=st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
    acknowledge_within=st.timedeltas(timedelta(minutes=1), timedelta(hours=2)),
    decide_within=st.timedeltas(timedelta(minutes=1), timedelta(hours=3)),
)


def act(incident: Incident, word: str, name: str, number: int, now: datetime) -> Happening | None:
    """Make what happens next, as far as it can happen to the incident as it is."""
    if word == "fail":
        failure = make_failure(name, run_id=number)
        return FailedAgain(failure) if incident.is_open else Reopened(failure)
    if not incident.is_open:
        return None
    possible: dict[str, Happening] = {
        "end": Resolved(Resolution.VALIDATION_PASSED, ""),
        "accept": Resolved(Resolution.RISK_ACCEPTED, "why"),
        "acknowledge": Acknowledged(),
        "decide": Decided(Course.ROLLBACK, "why"),
        "silence": Silenced(now + timedelta(hours=number % 5), "why"),
    }
    return possible.get(word)


@given(policies, st.lists(st.tuples(acts, names, spans), max_size=25))
def test_people_are_called_once_and_not_kept_awake(
    policy: AlertPolicy, steps: list[tuple[str, str, timedelta]]
) -> None:
    """Looks are made at each step, and at nothing else: they may be late or early.

    What fails after an end that was told and lasted pages, unless there were three pages in a day.
    """
    incident, said, now = make_incident("a.yml"), tuple[Announcement, ...](), NOW
    alerts: list[Alert] = []
    subject = AlertSubject("acme/shop", "https://gate.example/1", "https://gate.example", ())
    for number, (word, name, span) in enumerate(steps):
        happening = act(incident, word, name, number, now)
        ended = incident.resolved
        lasted = (
            isinstance(happening, Reopened)
            and ended is not None
            and now - ended.at >= timedelta(minutes=10)
            and bool(said)
        )
        paged = [it.at for it in said if it.kind is AlertKind.PAGE]
        is_capped = len([it for it in paged if it > now - timedelta(days=1)]) >= 3
        if happening is not None:
            incident = apply(incident, IncidentEvent(now, "mona", happening))
        plan = plan_alerts(incident, policy, said, now)
        if incident.is_silenced(now):
            assert {it.kind for it in plan.messages} <= {AlertKind.RECOVERY}
        assert plan.next_look is None or plan.next_look > now
        pages = [it for it in plan.messages if it.kind is AlertKind.PAGE]
        page = of_outbreak("page", incident)
        is_told = page in [it.topic for it in said] + [it.topic for it in plan.messages]
        for update in (it for it in plan.messages if it.kind is AlertKind.UPDATE):
            assert (update.pages_from is None) is is_told
        if lasted and not incident.is_silenced(now):
            assert bool(pages) is not is_capped
            assert incident.acknowledged is None
        said += tuple(
            Announcement(it.topic, it.kind, now, incident.failure.fingerprint)
            for it in plan.messages
        )
        alerts += [render_alert(incident, it, policy, subject, now) for it in plan.messages]
        assert plan_alerts(incident, policy, said, now).messages == ()
        now += span
    check_said(said, policy)
    check_one_for_all(alerts)


def look_until(
    end: datetime, incident: Incident, said: tuple[Announcement, ...], now: datetime
) -> tuple[Announcement, ...]:
    """Plan at each look that is due; what an update says of a page that is not sent is so."""
    look: datetime | None = now
    page = of_outbreak("page", incident)
    while look is not None and look <= end:
        plan = plan_alerts(incident, AlertPolicy(), said, look)
        fingerprint = incident.failure.fingerprint
        for it in plan.messages:
            said += (Announcement(it.topic, it.kind, look, fingerprint),)
            if it.kind is AlertKind.UPDATE:
                paged = any(one.topic == page for one in said)
                assert (it.pages_from is None) is paged
        look = plan.next_look
    return said


@given(st.lists(st.tuples(flaps, flaps), min_size=4, max_size=20))
def test_a_failure_after_a_told_recovery_pages_or_says_why_not(
    flapping: list[tuple[timedelta, timedelta]],
) -> None:
    """However it flaps: three pages in any 24 hours, and none is left out but for that."""
    incident, now = make_incident("a.yml"), NOW
    said = look_until(now, incident, (), now)
    for number, (red, green) in enumerate(flapping):
        said = look_until(now + red, incident, said, now)
        now += red
        ended = IncidentEvent(now, "gate", Resolved(Resolution.VALIDATION_PASSED, ""))
        incident = apply(incident, ended)
        said = look_until(now + green, incident, said, now)
        now += green
        is_told = said[-1].kind is AlertKind.RECOVERY and green >= timedelta(minutes=10)
        paged = [it for it in said if it.kind is AlertKind.PAGE and it.at > now - timedelta(days=1)]
        incident = apply(
            incident, IncidentEvent(now, "gate", Reopened(make_failure(run_id=number)))
        )
        before = len(said)
        said = look_until(now, incident, said, now)
        kinds = [it.kind for it in said[before:]]
        if is_told:
            assert (AlertKind.PAGE in kinds) is (len(paged) < 3)
        check_said(said, AlertPolicy())


def check_said(said: tuple[Announcement, ...], policy: AlertPolicy) -> None:
    """Each topic is said once, and nothing comes too soon after the last word."""
    topics = [it.topic for it in said]
    assert len(set(topics)) == len(topics)
    kinds = [it.kind for it in said]
    paged = [it.at for it in said if it.kind is AlertKind.PAGE]
    for first, fourth in zip(paged, paged[3:], strict=False):
        assert fourth - first >= timedelta(days=1)
    assert kinds.count(AlertKind.ESCALATION) <= 2 * len(paged)
    for earlier, later in itertools.pairwise(said):
        gap = later.at - earlier.at
        if later.kind is AlertKind.REMINDER:
            assert gap >= policy.remind_every
        if later.kind is AlertKind.UPDATE:
            assert gap >= min(FIRST_UPDATE_AFTER, policy.remind_every)
        if later.kind is AlertKind.RECOVERY:
            assert earlier.kind is not AlertKind.RECOVERY


def check_one_for_all(alerts: list[Alert]) -> None:
    """A channel that was away gets the newest word, as loud as the loudest it has missed."""
    if not alerts:
        return
    delivery = coalesce(alerts)
    assert delivery.alert.key == alerts[-1].key
    assert delivery.superseded == tuple(it.key for it in alerts[:-1])
    missed = {it.severity for it in alerts}
    if Severity.CRITICAL in missed and delivery.alert.kind is not AlertKind.RECOVERY:
        assert delivery.alert.is_critical
