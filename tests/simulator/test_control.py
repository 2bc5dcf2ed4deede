"""Driving the simulation: in this process, from another, and never off this machine."""

import inspect
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from gate.simulator.client import SimulatorClient
from gate.simulator.commands import Commands, command_named
from gate.simulator.commands.command import Command
from gate.simulator.errors import NotLoopback, SimulatorError
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.github import SimulatedGitHub
from gate.simulator.loopback import require_loopback_host
from gate.simulator.server import BANNER, serve
from gate.simulator.switches import Switches
from tests.simulator.conftest import ENVIRONMENT, EVENTS, PERMISSIONS, KeyPair, Story
from tests.support.webhook_receiver import listening


def play(github: Commands, public: str, hook: str) -> list[object]:
    """Play one story by nothing but commands and list what can be seen of it."""
    app_id = github.register_app(public, "secret", hook, PERMISSIONS, EVENTS)
    installation_id = github.create_installation("acme")
    github.create_repository("acme/shop", installation_id)
    github.put_file("acme/shop", "gate.yml", "x: 1")
    github.set_role("acme/shop", "root", "admin")
    github.set_team_member("acme", "ops", "erin", "member")
    github.protect_environment("acme/shop", ENVIRONMENT, reviewers=["team:acme/ops"])
    reached = github.deploy("acme/shop")
    github.review_as("erin", reached.run_id, ENVIRONMENT, comment="go")
    held = github.run_view(reached.run_id)
    github.bypass("root", reached.run_id, ENVIRONMENT, "now")
    github.finish_job(reached.run_id)
    ended = github.run_view(reached.run_id)
    github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    red = github.validate("acme/shop", "failure", jobs={"checkout": "failure"})
    github.clear_faults()
    number = github.add_fault(Fault("/meta", status=500))
    github.set_switches(Switches(eleventh_report="ignored"))
    github.set_rate_limit(100, installation_id)
    github.set_latency(0.0)
    github.advance(60)
    return [
        app_id,
        reached,
        held.jobs,
        ended.conclusion,
        github.run_view(red).jobs,
        number,
        github.reviews(),
        github.totals().decisions,
    ]


def test_another_process_can_tell_the_same_story(keys: KeyPair) -> None:
    """The client's commands do and give exactly what those of the simulation itself do."""
    with listening() as hook:
        here = SimulatedGitHub()
        with serve(here):
            told_here = play(here, keys.public, hook.url)
            assert here.wait_until_delivered()
        there = SimulatedGitHub()
        with serve(there, root="/api/v3") as url:
            client = SimulatorClient(url)
            told_there = play(client, keys.public, hook.url)
            assert client.wait_until_delivered()
            delivery = client.deliveries()[0]
            assert client.payload(delivery.id)
            assert client.requests() == []
            client.close()
    assert told_there == told_here


def test_a_command_says_why_it_cannot_be_done(story: Story) -> None:
    """Refusals and wrong arguments are 422 there and SimulatorError here."""
    client = SimulatorClient(story.url)
    with pytest.raises(SimulatorError, match="no repository"):
        client.deploy("no/such")
    with pytest.raises(SimulatorError, match="no workflow run 1"):
        client.cancel_run(1)
    client.close()
    wrong = story.call("POST", "/_simulator/cancel_run", {"run": 1})
    assert wrong.status == 422
    assert story.call("POST", "/_simulator/no_such", {}).status == 404
    assert story.call("GET", "/_simulator/totals").status == 404


def test_commands_are_found_by_name_alone() -> None:
    """What is no command cannot be reached over HTTP."""
    assert command_named("deploy") is Commands.__dict__["deploy"]
    assert command_named("perform") is None
    assert command_named("__init__") is None


@pytest.mark.parametrize(
    "command", [each for each in vars(Commands).values() if isinstance(each, Command)]
)
def test_every_command_travels(command: "Command[Any, Any]") -> None:
    """Arguments and results have types that JSON can carry, and a sentence that explains them."""
    names = list(inspect.signature(command.body).parameters)[1:]
    assert list(command.arguments_type.__struct_fields__) == names
    msgspec.json.Decoder(command.arguments_type)
    msgspec.json.Decoder(command.result_type)
    assert command.__doc__


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_is_home(host: str) -> None:
    """Any loopback address will do."""
    require_loopback_host(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "example.com", "", "localhost.x"])  # noqa: S104 - refused
def test_the_simulation_listens_nowhere_else(host: str) -> None:
    """A host that is not loopback is refused before a socket is opened."""
    with pytest.raises(NotLoopback), serve(SimulatedGitHub(), host=host):
        pass


def test_it_says_what_it_is(story: Story) -> None:
    """Every answer carries the header, errors and replaced answers too."""
    story.github.add_fault(Fault("/broken", status=500))
    for path in ("/meta", "/no/such", "/broken", "/_simulator/no_such"):
        assert story.call("GET", path).headers["x-simulated-github"] == "1"


def test_a_process_of_its_own_says_so_too() -> None:
    """Started alone it prints its banner and the API root, and ends on request."""
    # A job in the background, as tests may be, ignores this signal, and so do those it starts.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heed}; from gate.simulator.server import run; run(port=0)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stderr is not None
    assert process.stderr.readline().strip() == BANNER
    url = process.stderr.readline().removeprefix("API root: ").strip()
    client = SimulatorClient(url)
    assert client.totals().requests == {}
    client.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stderr.close()


def malformed() -> list[bytes]:
    """List requests that are not HTTP as the simulation speaks it."""
    return [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000,
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ]


@pytest.mark.parametrize("raw", malformed(), ids=["line", "length", "chunked", "head", "body"])
def test_what_is_not_http_is_refused(story: Story, raw: bytes) -> None:
    """A malformed request is answered with 4xx and the connection closed."""
    port = urlsplit(story.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        answer = b"".join(iter(reader(connection), b""))
    assert answer.startswith(b"HTTP/1.1 4")


def reader(connection: Any) -> Callable[[], bytes]:
    """Read from a connection piece by piece."""

    def read() -> bytes:
        piece: bytes = connection.recv(4096)
        return piece

    return read
