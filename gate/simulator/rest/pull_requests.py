"""REST API endpoints for pull requests."""

from gate.simulator.rest.routing import ROUTES, Call, not_found
from gate.simulator.shapes import pull_requests
from gate.simulator.state.world import Json


@ROUTES.repository("GET", "/pulls/{pull_number}", ("pull_requests", "read"))
def show_pull_request(call: Call) -> Json:
    """Get a pull request."""
    found = call.repository.pull_requests.get(call.number("pull_number"))
    if found is None:
        raise not_found()
    return pull_requests.pull_request(call.world, call.repository, found)
