"""Choose where the calls to GitHub are counted: in this process, or for all nodes together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gate.bootstrap.clocks import ServerTime
from gate.clock import Clock, Uptime
from gate.domain.limits.account import Ask, Leased, Limits, Wait
from gate.domain.limits.slices import limits_of
from gate.domain.model.ids import NodeId
from gate.githubapp.transport.accounts import Accounts, LocalAccounts
from gate.githubapp.transport.limiter import Limiter
from gate.settings import Settings
from gate.store.engine.database import Database
from gate.store.limits import accounts

_BOOT: Final = datetime(2000, 1, 1, tzinfo=UTC)


class FleetAccounts:
    """Accounts as rows, which all nodes share; one short transaction for each lease."""

    def __init__(self, database: Database, limits: Limits, server_time: ServerTime) -> None:
        """Take what is needed; `server_time` reads the database's clock."""
        self._database = database
        self._limits = limits
        self._time = server_time

    def lease(self, installation_id: int | None, ask: Ask) -> Leased | Wait:
        """Lease what is asked for, or return how long to wait."""
        return self._database.transact(
            lambda tx: accounts.lease_tokens(tx, installation_id, ask, self._limits, self._time)
        )

    def pause(self, installation_id: int | None, length: timedelta) -> None:
        """Let no node call for an installation, from now on for so long."""
        self._database.transact(lambda tx: accounts.pause(tx, installation_id, length, self._time))


def create_limiter(
    settings: Settings,
    database: Database,
    node: NodeId,
    *,
    clock: Clock,
    server_time: ServerTime,
    since_boot: Uptime,
) -> Limiter:
    """Build what paces the calls. A process with a SQLite file is alone and writes nothing."""
    limits = limits_of(settings.github_points_per_minute)
    shared: Accounts
    if database.dialect == "sqlite":
        # By a clock that nobody sets: nothing else counts here.
        shared = LocalAccounts(limits, lambda: _BOOT + timedelta(seconds=since_boot()))
    else:
        shared = FleetAccounts(database, limits, server_time)
    return Limiter(shared, limits, clock, since_boot, node)
