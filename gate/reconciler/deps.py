"""Name what the reconciler is given by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Final

from gate.clock import Clock, Uptime
from gate.domain.model.alert import Channel
from gate.domain.model.ids import NodeId
from gate.domain.model.policy.policy import InvalidPolicy, LoadedPolicy, PolicyReading
from gate.reconciler.continuity import Continuity
from gate.reconciler.notifier import Notifier
from gate.reconciler.override_routes import KnownRoutes
from gate.reconciler.ports import GitHub, ParseDelivery
from gate.reconciler.signer import Signer
from gate.reconciler.strangers import Strangers
from gate.store.engine.database import Database
from gate.traces.port import NO_TRACES, Traces

LEASE: Final = timedelta(minutes=3)
"""How long a pass may own a request; longer than a pass whose every call runs into its time-out."""

SEND_WITHIN: Final = timedelta(seconds=5)
"""How old a decision may be when its review is written to GitHub: the facts of a process that was
stopped in between are not those of now."""

ParsePolicy = Callable[[bytes, str], LoadedPolicy | InvalidPolicy]


Failpoint = Callable[[str], None]
"""Called between the commits of a pass with the place's name; tests end the process there."""


def no_failpoint(place: str) -> None:
    """Go on: the failpoint of every real service."""


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything a pass works with. The `github` port may be called from any thread.

    `may_have_slept` tells whether the machine may have been paused without `uptime` showing it.
    `public_url` is the address of the pages, without a slash at its end. `routes` says by which
    ways deployments can be overridden. `has_released` is set once the node gives its leases back.
    """

    database: Database
    github: GitHub
    signer: Signer
    parse_delivery: ParseDelivery
    parse_policy: ParsePolicy
    server_policy: PolicyReading
    requires_floor: bool
    public_url: str
    node: NodeId
    clock: Clock
    uptime: Uptime
    may_have_slept: Callable[[], bool]
    continuity: Continuity
    strangers: Strangers
    notifiers: Mapping[Channel, Notifier]
    failpoint: Failpoint = no_failpoint
    traces: Traces = NO_TRACES
    routes: KnownRoutes = field(default_factory=KnownRoutes)
    has_released: Event = field(default_factory=Event)

    @property
    def runbooks(self) -> str:
        """Return the address below which the runbooks are."""
        return f"{self.public_url}/runbooks"
