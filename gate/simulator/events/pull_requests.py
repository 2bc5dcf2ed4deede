"""Events of pull requests."""

from collections.abc import Callable

from gate.simulator.events.announcement import announce
from gate.simulator.shapes import pull_requests
from gate.simulator.state.accounts import Account
from gate.simulator.state.pull_requests import PullRequest
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World


def pull_request_changed(
    world: World,
    repository: Repository,
    value: PullRequest,
    action: str,
    sender: Account,
    more: Callable[[], Json] = dict,
) -> None:
    """Send `pull_request`: opened, synchronize, edited or closed; some carry `more`."""

    def body() -> Json:
        shape = pull_requests.pull_request(world, repository, value)
        return {"number": value.number, "pull_request": shape} | more()

    announce(world, repository, "pull_request", action, body, sender)
