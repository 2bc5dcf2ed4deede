"""Drive a simulated GitHub in another process by the same commands as one in this."""

import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3

from gate.simulator.commands import Commands
from gate.simulator.commands.command import Command
from gate.simulator.control import PREFIX
from gate.simulator.errors import SimulatorError


class SimulatorClient(Commands):
    """The commands, performed over HTTP. Safe to use from any thread."""

    def __init__(self, url: str) -> None:
        """Take any address of the simulation, its API root for one."""
        parts = urlsplit(url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._http = urllib3.PoolManager(maxsize=8, retries=False)

    def perform(self, command: "Command[Any, Any]", arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        """Perform a command there; raises SimulatorError with what it says when it refuses."""
        response = self._http.request(
            "POST", f"{self.url}{PREFIX}{command.name}", body=msgspec.json.encode(arguments)
        )
        if response.status != 200:
            raise SimulatorError(response.data.decode("utf-8", "replace"))
        return msgspec.json.decode(response.data, type=command.result_type)

    def wait_until_delivered(self, timeout: float = 10.0) -> bool:
        """Wait until no webhook is under way; False when that takes longer than `timeout`."""
        deadline = time.monotonic() + timeout
        while self.totals().outstanding_deliveries:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
