"""Name what waits in the database, and when: what those who work are told, so as not to search.

A hint may be lost, doubled or late. The rows are the truth; a hint only saves the wait until
somebody looks for rows that are due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gate.domain.model.ids import DeliveryId, InstallationId, RequestId


class Work(Enum):
    """Kinds of work that wait in the database and are done for everything due at once."""

    INCIDENTS = "incidents"
    ALERTS = "alerts"
    COMMANDS = "commands"
    ISSUES = "issues"
    ARTIFACTS = "artifacts"
    REPLIES = "replies"
    AUTHORS = "authors"
    POLICY_CHECKS = "policy_checks"


@dataclass(frozen=True, slots=True)
class DeliveryHint:
    """A stored delivery is to be read at a time."""

    delivery_id: DeliveryId
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestHint:
    """A request of an installation is due for a look at a time.

    Installations take turns; None where it is not known whose request it is.
    """

    request_id: RequestId
    at: datetime
    installation_id: InstallationId | None = None


@dataclass(frozen=True, slots=True)
class WorkHint:
    """Something of a kind is due at a time."""

    work: Work
    at: datetime


Hint = DeliveryHint | RequestHint | WorkHint


@dataclass(frozen=True, slots=True)
class Demand:
    """Which hints whoever works would come to soon; kinds of work are always among them.

    `without` are installations whose requests hold all the threads they may, while more wait.
    """

    deliveries: bool = True
    requests: bool = True
    without: frozenset[InstallationId] = frozenset()
