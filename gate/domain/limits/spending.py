"""What a node leased and what had to wait, for the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.domain.limits.account import Kind, Why


@dataclass(frozen=True, slots=True)
class Spending:
    """Counts since the process started, over all installations.

    `waits` counts the calls that could not be made when they were tried, by what was used up.
    """

    leases: int = 0
    tokens: Mapping[Kind, int] = field(default_factory=dict)
    waits: Mapping[Why, int] = field(default_factory=dict)
