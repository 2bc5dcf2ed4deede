"""What happens to an incident at once is all kept, and nothing overwrites anything."""

from __future__ import annotations

from functools import partial

from gate.domain.incidents.events import Alerted, Happening, IncidentEvent, Opened, Overridden
from gate.domain.model.ids import RequestId
from gate.store.engine.database import Database, Transaction
from gate.store.incidents.incidents import (
    MOST_EVENTS,
    lock_newest_incident,
    read_incident,
    read_timeline,
    record_events,
    record_opening,
)
from tests.support.builders.defaults import NOW
from tests.support.incidents import PLACE, make_failure
from tests.support.threads import at_once


def test_what_happens_at_once_is_all_kept(database: Database) -> None:
    """Each event has a place of its own, and the incident knows of them all."""
    opened = Opened(make_failure())
    record = database.transact(
        lambda tx: record_opening(tx, PLACE, IncidentEvent(NOW, "gate", opened), opened)
    )

    def add(what: Happening) -> None:
        def work(tx: Transaction) -> None:
            found = lock_newest_incident(tx, PLACE.repository_id, PLACE.environment)
            assert found is not None
            record_events(tx, found, [IncidentEvent(NOW, "gate", what)])

        database.transact(work)

    happenings: list[Happening] = [Alerted("slack")]
    happenings += [Overridden(RequestId(it), "", "") for it in range(1, 12)]
    at_once([partial(add, it) for it in happenings])
    kept = database.read(lambda it: read_incident(it, record.incident.id))
    timeline = database.read(lambda it: read_timeline(it, record.incident.id, 100))
    assert kept is not None
    assert kept.incident.alerted_at == NOW
    assert kept.events == len(happenings) + 1
    assert [position for position, _ in timeline] == list(range(1, kept.events + 1))


def test_a_timeline_keeps_its_beginning_and_the_newest_events(database: Database) -> None:
    """Events beyond the most that are kept push out those in the middle; positions go on."""
    opened = Opened(make_failure())
    record = database.transact(
        lambda tx: record_opening(tx, PLACE, IncidentEvent(NOW, "gate", opened), opened)
    )
    events = [IncidentEvent(NOW, "gate", Alerted(f"channel-{it}")) for it in range(MOST_EVENTS)]
    for several in (events[:-5], events[-5:-1], events[-1:]):
        record = database.transact(
            lambda tx, known=record, new=several: record_events(tx, known, new)  # type: ignore[misc]
        )
    timeline = database.read(lambda it: read_timeline(it, record.incident.id, 2 * MOST_EVENTS))
    assert [position for position, _ in timeline] == [1, *range(3, MOST_EVENTS + 2)]
    assert timeline[-1][1] == events[-1]


def test_a_timeline_keeps_the_first_flows_of_a_failure(database: Database) -> None:
    """The incident has all flows of its newest failure; the timeline counts the others."""
    opened = Opened(make_failure(*(f"{it}.yml" for it in range(50))))
    record = database.transact(
        lambda tx: record_opening(tx, PLACE, IncidentEvent(NOW, "gate", opened), opened)
    )
    assert record.incident.failure == opened.failure
    ((_, event),) = database.read(lambda it: read_timeline(it, record.incident.id, 9))
    assert isinstance(event.what, Opened)
    kept = event.what.failure
    assert kept.flows == opened.failure.flows[:20]
    assert (kept.unnamed, kept.count) == (30, 50)
