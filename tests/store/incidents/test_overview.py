"""The list of incidents: open ones first, and each of them once however people page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.incidents.events import IncidentEvent, Opened, Resolution, Resolved
from gate.domain.model.access import EVERYTHING, NOTHING
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.store.incidents.incidents import record_events, record_opening
from gate.store.incidents.overview import IncidentCursor, IncidentFilter, list_overview
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import NOW
from tests.support.incidents import PLACE, make_failure


def add(database: Database, number: int, *, is_open: bool) -> None:
    """Record an incident of an environment of its own."""
    opened = Opened(make_failure("a.yml"))
    place = replace(PLACE, environment=f"env-{number}")
    at = NOW + timedelta(minutes=number)
    record = database.transact(
        lambda tx: record_opening(tx, place, IncidentEvent(at, "gate", opened), opened)
    )
    if not is_open:
        over = IncidentEvent(at, "gate", Resolved(Resolution.VALIDATION_PASSED, ""))
        database.transact(lambda tx: record_events(tx, record, [over]))


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_each_incident_is_on_one_page_while_new_ones_open(database: Database, size: int) -> None:
    """After each page another one opens."""
    seen = make_repository(PLACE.repository_id, full_name="octo-org/shop")
    database.transact(lambda tx: record_repository(tx, seen))
    for number in range(1, 8):
        add(database, number, is_open=number in {2, 5})
    found: list[int] = []
    after: IncidentCursor | None = None
    while True:
        page = database.read(
            lambda it, last=after: list_overview(  # type: ignore[misc]
                it, IncidentFilter(), EVERYTHING, limit=size, after=last
            )
        )
        if not page:
            break
        found += [it.incident.id for it in page]
        after = page[-1].cursor
        add(database, 100 + len(found), is_open=True)
    assert found == [5, 2, 7, 6, 4, 3, 1]
    hidden = database.read(lambda it: list_overview(it, IncidentFilter(), NOTHING, limit=9))
    assert hidden == []
