"""Say until when something may still be sent under a lease.

A process can be stopped at any instruction and go on minutes later, without noticing. By then
another node may have sent the same. So each write is begun while the lease certainly runs and goes
on running for as long as the call may take, or not at all (docs/adr/0018).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from gate.clock import Clock
from gate.reconciler.ports import IsTimely
from gate.store.engine.due import Taken

LONGEST_CALL: Final = timedelta(minutes=1)
"""How long a write that was begun may take until it has arrived or failed, time-outs included."""


def while_leased(taken: Taken, clock: Clock) -> IsTimely:
    """Build the check of whether a write may still be begun for a row that was taken."""
    ends = taken.row.lease_until - LONGEST_CALL
    return lambda: clock() <= ends


def within(seconds: timedelta, since: float, uptime: Callable[[], float]) -> IsTimely:
    """Build the check of whether so much time has passed since an uptime, sleep included."""
    return lambda: uptime() - since <= seconds.total_seconds()
