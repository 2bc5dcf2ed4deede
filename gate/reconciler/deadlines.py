"""Decide until when something may still be sent under a lease.

A process can be stopped at any instruction and go on minutes later, without noticing. By then
another node may have sent the same. So each write is begun while the lease certainly runs and goes
on running for as long as the call may take, or not at all (docs/adr/0018). A node that has released
its leases begins none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.clock import Moment
from gate.reconciler.deps import Deps
from gate.reconciler.ports import IsTimely
from gate.store.engine.due import Taken

LONGEST_CALL: Final = timedelta(minutes=1)
"""How long a write that was begun may take until it has arrived or failed, time-outs included."""

SEEN_AFTER: Final = LONGEST_CALL + timedelta(seconds=10)
"""How long after a write was begun it may not be there, or its listing may not show it yet."""


def while_leased(taken: Taken, deps: Deps) -> IsTimely:
    """Build the check of whether a write may still be begun for a row that was taken."""
    ends = taken.row.lease_until - LONGEST_CALL
    return lambda: _may_begin(deps) and deps.clock() <= ends


def within(span: timedelta, since: Moment, deps: Deps) -> IsTimely:
    """Build the check of whether no more than a span has passed since a moment, sleep included.

    A pause that uptime does not show is seen by `may_have_slept` until the time is read again, and
    from then on by the time itself.
    """
    return lambda: _may_begin(deps) and not since.is_over(span, deps.clock, deps.uptime)


def _may_begin(deps: Deps) -> bool:
    return not deps.has_released.is_set() and not deps.may_have_slept()
