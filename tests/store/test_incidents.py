"""What happens to an incident at once is all kept, and nothing overwrites anything."""

from __future__ import annotations

from functools import partial

from gate.domain.ids import RequestId
from gate.domain.incidents import Alerted, Happening, IncidentEvent, Opened, Overridden
from gate.store.database import Database, Transaction
from gate.store.incidents import (
    lock_newest_incident,
    read_incident,
    read_timeline,
    record_events,
    record_opening,
)
from tests.builders import NOW
from tests.incidents import PLACE, make_failure
from tests.store.threads import at_once


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
