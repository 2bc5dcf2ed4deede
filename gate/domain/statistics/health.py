"""Judge what an operator watches: the limits that the Prometheus rules alert at.

Pure, and the only place that has the numbers; a test compares docs/examples/prometheus-rules.yml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How a measure stands, as pages color it: green, amber, red."""

    GREEN = "pass"
    AMBER = "hold"
    RED = "fail"


LEVEL_WORDS: Final = {Level.GREEN: "good", Level.AMBER: "warning", Level.RED: "critical"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A number beyond which a rule alerts; `runbook` is the page that says what to do."""

    rule: str
    runbook: str
    bound: float
    is_critical: bool
    is_least: bool = False

    def judge(self, value: float) -> Level:
        """Return how a value stands."""
        crossed = value < self.bound if self.is_least else value > self.bound
        if not crossed:
            return Level.GREEN
        return Level.RED if self.is_critical else Level.AMBER

    def judge_age(self, age: timedelta) -> Level:
        """Return how an age stands."""
        return self.judge(age.total_seconds())


DELIVERY_LAG: Final = Limit("GateDeliveryLag", "gate-delivery-lag", 60, is_critical=True)
REQUEST_WAITS: Final = Limit(
    "GateRequestWaitsLong", "gate-request-waits-long", 20 * 3600, is_critical=False
)
ALERTS_NOT_TAKEN: Final = Limit(
    "GateAlertsNotTaken", "gate-alerts-not-taken", 300, is_critical=True
)
ALERTS_REFUSED: Final = Limit("GateAlertsRefused", "gate-alerts-refused", 0, is_critical=False)
INCIDENT_OPEN: Final = Limit(
    "GateIncidentOpenLong", "gate-incident-open-long", 12 * 3600, is_critical=False
)
QUOTA_LOW: Final = Limit("GateQuotaLow", "gate-quota-low", 500, is_critical=False, is_least=True)
LIMITS: Final = (
    DELIVERY_LAG,
    REQUEST_WAITS,
    ALERTS_NOT_TAKEN,
    ALERTS_REFUSED,
    INCIDENT_OPEN,
    QUOTA_LOW,
)


def worst(levels: list[Level]) -> Level:
    """Return the worst of some levels; green of none."""
    return max(levels, key=list(Level).index, default=Level.GREEN)
