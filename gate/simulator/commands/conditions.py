"""Commands about the conditions a story plays under: faults, latency, limits, time."""

from datetime import timedelta

from gate.simulator.actions import gates
from gate.simulator.commands.command import Stage
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.switches import Switches


def add_fault(stage: Stage, fault: Fault) -> int:
    """Put a fault of the REST API in force; the number given clears it."""
    return stage.faults.add(fault)


def add_webhook_fault(stage: Stage, fault: WebhookFault) -> int:
    """Put a fault of webhook delivery in force; the number given clears it."""
    return stage.faults.add(fault)


def clear_faults(stage: Stage, number: int | None = None) -> None:
    """Lift one fault or all of them, and send what a reordering still holds back."""
    stage.faults.clear(number)
    stage.sender.release_held()


def limit_secondary(
    stage: Stage, retry_after: int | None = 60, times: int = 1, path: str = "", method: str = "*"
) -> int:
    """Let the next requests run into the secondary rate limit; the number given lifts it.

    GitHub answers 403 and usually, but not always, says in `Retry-After` how long to wait.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = (
        '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before '
        'you try again.", "documentation_url": "https://docs.github.com/rest/using-the-rest-api/'
        'rate-limits-for-the-rest-api#about-secondary-rate-limits"}'
    )
    return stage.faults.add(
        Fault(path, method, times=times, status=403, headers=headers, body=body)
    )


def set_switches(stage: Stage, switches: Switches) -> None:
    """Change, from now on, how GitHub behaves where its documentation is silent."""
    stage.world.switches = stage.sender.switches = switches


def set_latency(stage: Stage, seconds: float) -> None:
    """Let every REST answer take this long."""
    stage.world.latency = seconds


def set_rate_limit(stage: Stage, limit: int | None, installation_id: int | None = None) -> None:
    """Change the hourly limit of one installation or of all; None lifts it."""
    caller = None if installation_id is None else f"installation ID {installation_id}"
    stage.limits.set(limit, caller)


def advance(stage: Stage, seconds: float) -> None:
    """Move the simulation's clock forward; approvals and runs that are too old end."""
    stage.world.clock.advance(timedelta(seconds=seconds))
    gates.pass_time(stage.world)
