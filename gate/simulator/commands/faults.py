"""Commands about what goes wrong in a story: faults, latency, switches, passing time."""

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


def set_switches(stage: Stage, switches: Switches) -> None:
    """Change, from now on, how GitHub behaves where its documentation is silent."""
    stage.world.switches = stage.sender.switches = switches


def set_latency(stage: Stage, seconds: float) -> None:
    """Let every REST answer take this long."""
    stage.world.latency = seconds


def advance(stage: Stage, seconds: float) -> None:
    """Move the simulation's clock forward; approvals and runs that are too old end."""
    stage.world.clock.advance(timedelta(seconds=seconds))
    gates.pass_time(stage.world)
