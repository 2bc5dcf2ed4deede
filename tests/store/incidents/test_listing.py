"""Incidents as they are listed, on both databases."""

from __future__ import annotations

from gate.domain.incidents.events import IncidentEvent, Opened
from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.store.incidents.incidents import record_opening
from gate.store.incidents.listing import list_incidents, read_shown
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import NOW
from tests.support.incidents import PLACE, make_failure

OTHER = RepositoryId(PLACE.repository_id + 1)


def test_a_reader_sees_only_their_repositories(database: Database) -> None:
    """What may not be seen is neither listed nor found."""
    seen = make_repository(PLACE.repository_id, full_name="octo-org/shop")
    database.transact(lambda tx: record_repository(tx, seen))
    opened = Opened(make_failure())
    incident = database.transact(
        lambda tx: record_opening(tx, PLACE, IncidentEvent(NOW, "gate", opened), opened)
    ).incident
    for visible, is_shown in (
        (EVERYTHING, True),
        (Visible(frozenset({PLACE.repository_id})), True),
        (Visible(frozenset({OTHER})), False),
        (NOTHING, False),
    ):
        listed = database.read(
            lambda it, to=visible: list_incidents(  # type: ignore[misc]
                it, filters={}, limit=9, before=None, visible=to
            )
        )
        found = database.read(lambda it, to=visible: read_shown(it, incident.id, to))  # type: ignore[misc]
        assert [it.id for it in listed] == [incident.id] * is_shown
        assert (found is not None) == is_shown
