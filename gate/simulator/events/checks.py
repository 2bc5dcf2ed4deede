"""Events of checks."""

from gate.simulator.events.announcement import announce
from gate.simulator.shapes import checks
from gate.simulator.state.accounts import Account
from gate.simulator.state.checks import CheckRun
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World


def check_run_changed(
    world: World, repository: Repository, value: CheckRun, action: str, sender: Account
) -> None:
    """Send `check_run`; a re-run is requested of the App alone whose check it is."""
    only_app = value.app_id if action == "rerequested" else None

    def body() -> Json:
        return {"check_run": checks.check_run(world, repository, value)}

    announce(world, repository, "check_run", action, body, sender, only_app)


def check_suite_rerequested(
    world: World, repository: Repository, value: CheckRun, sender: Account
) -> None:
    """Send `check_suite.rerequested` for the suite of a check run."""

    def body() -> Json:
        return {"check_suite": checks.check_suite(world, repository, value)}

    announce(world, repository, "check_suite", "rerequested", body, sender, value.app_id)
