"""Concurrency groups: one run at a time, and who waits for it.

"Control the concurrency of workflows and jobs": by default one run of a group may be pending, and a
newer one cancels it; with `queue: max` up to 100 wait in order. A run that waits for an approval is
in progress to its group.
"""

from gate.simulator.actions import runs
from gate.simulator.state.runs import Run
from gate.simulator.state.world import World

PENDING = "pending"


def enter(world: World, run: Run) -> None:
    """Let a new run wait where its group has one already; without a queue it takes the place."""
    others = _others(world, run)
    if not others:
        return
    run.attempt.status = PENDING
    if not run.queues:
        for other in others:
            if other.attempt.status == PENDING:
                runs.complete(world, other, "cancelled")


def is_blocked(world: World, run: Run) -> bool:
    """Check whether a run still waits for another one of its group."""
    return any(it.attempt.status != PENDING or it.id < run.id for it in _others(world, run))


def _others(world: World, run: Run) -> list[Run]:
    """List the other runs of the group that are not over, oldest first."""
    if run.group is None:
        return []
    repository = world.repositories[run.repository_id]
    found = [world.runs[it] for it in repository.run_ids if it != run.id]
    return [
        it
        for it in found
        if it.group is not None
        and it.group.casefold() == run.group.casefold()
        and it.attempt.status != "completed"
    ]
