"""Name what the web edge is given by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.clock import Clock
from gate.domain.model.ids import DeliveryId
from gate.domain.model.reporters import Reporter, Submission
from gate.store.engine.database import Database
from gate.web.api.readers import Readers
from gate.web.metrics import Metrics

Check = Callable[[], None]
"""Do nothing when all is well; raise GateError, whose detail says what is not."""


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything the routes work with.

    `check_signature` gets the raw body and the signature header, and raises DeliveryRejected.
    `events` are the names of the deliveries that are stored. `record_gap` is told when one could
    not be. `verify_token` tells who speaks by a token of a workflow run, `receive` takes what it
    hands in; both raise ReportRejected. `readers` may read
    `/api/v1`. `checks` are what readiness asks, by name.
    """

    database: Database
    check_signature: Callable[[bytes, str | None], None]
    events: frozenset[str]
    wake_delivery: Callable[[DeliveryId], None]
    record_gap: Callable[[], None]
    verify_token: Callable[[str], Reporter]
    receive: Callable[[Submission], None]
    public_url: str
    readers: Readers
    checks: Mapping[str, Check]
    metrics: Metrics
    clock: Clock
