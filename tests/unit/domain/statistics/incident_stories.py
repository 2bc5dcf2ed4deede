"""Build incidents that opened at NOW, and what happened to them later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gate.domain.incidents.events import (
    Happening,
    IncidentEvent,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import GATE, apply
from gate.domain.statistics.record import IncidentStory, Period
from tests.support.builders.defaults import NOW
from tests.support.incidents import make_incident

PERIOD = Period(NOW - timedelta(days=30), NOW + timedelta(days=1))
GREEN = Resolved(Resolution.VALIDATION_PASSED, "")


def minutes(count: float) -> timedelta:
    """Return a time."""
    return timedelta(minutes=count)


def story(*happened: tuple[float, Happening], by: str = "mona") -> IncidentStory:
    """An incident that opened at NOW, and what happened how many minutes later; green is ours."""
    incident = make_incident()
    deeds = []
    for after, what in happened:
        event = IncidentEvent(NOW + minutes(after), GATE if what == GREEN else by, what)
        incident = apply(incident, event)
        deeds.append(event)
    return IncidentStory(incident.opened_at, incident.resolved_at, incident.how, tuple(deeds), ())


def said(story: IncidentStory, *after: float) -> IncidentStory:
    """The same incident, about which something was said after so many minutes."""
    return replace(story, messages=tuple(NOW + minutes(it) for it in after))
