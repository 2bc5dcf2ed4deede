"""Commands over HTTP: `POST /_simulator/<command>` with the arguments as a JSON object."""

from typing import Any

import msgspec

from gate.simulator.commands import command_named
from gate.simulator.errors import SimulatorError
from gate.simulator.github import SimulatedGitHub
from gate.simulator.http.wire import Request, Response

PREFIX = "/_simulator/"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


def perform(simulated: SimulatedGitHub, request: Request) -> Response:
    """Perform the command a request names; what cannot be done is answered with 422."""
    command = command_named(request.path.removeprefix(PREFIX))
    if command is None or request.method != "POST":
        return _answer(404, {"error": f"there is no command {request.path}"})
    try:
        arguments = msgspec.json.decode(request.body or b"{}", type=command.arguments_type)
        fields = arguments.__struct_fields__
        given: dict[str, Any] = {name: getattr(arguments, name) for name in fields}
        result = simulated.perform(command, given)
    except (msgspec.DecodeError, SimulatorError, LookupError, TypeError, ValueError) as error:
        return _answer(422, {"error": f"{type(error).__name__}: {error}"})
    return _answer(200, result)


def _answer(status: int, value: object) -> Response:
    return Response(status, msgspec.json.encode(value), dict(_JSON))
