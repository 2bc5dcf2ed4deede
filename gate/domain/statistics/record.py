"""What is on record of a period, as the metrics need it.

Pure. `gate.store.statistics.record` reads it, `gate.domain.statistics.metrics` measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.incidents.alert_plan import Announcement
from gate.domain.incidents.events import IncidentEvent
from gate.domain.incidents.incident import Incident
from gate.domain.model.reports import ValidationReport


@dataclass(frozen=True, slots=True)
class Period:
    """The time that is looked at: from `since` on, before `until`."""

    since: datetime
    until: datetime

    def seen(self, at: datetime | None) -> datetime | None:
        """Return an instant if it has come by the end of the period."""
        return at if at is not None and at < self.until else None


@dataclass(frozen=True, slots=True)
class IncidentStory:
    """An incident with what people did about it, in order, and what was said about it.

    `deeds` need not hold what the gate did by itself; if it does, that counts for nobody.
    """

    incident: Incident
    deeds: tuple[IncidentEvent, ...]
    said: tuple[Announcement, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A gate request that had to wait; `until` is None while it does."""

    environment: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a period.

    `conclusions` are those of the validation's run attempts, None for one that has not ended.
    """

    conclusions: tuple[str | None, ...]
    stories: tuple[IncidentStory, ...]
    holds: tuple[Hold, ...]
    overrides: int
    bypasses: int
    reports: tuple[ValidationReport, ...]
