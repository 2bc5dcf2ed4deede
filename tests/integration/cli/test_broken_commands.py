"""What each command says when something it depends on is broken."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.forked import run_gate
from tests.support.keys import make_key_pair
from tests.support.ports import unused_port

CONFIGURATION, USAGE, FAILED = 78, 2, 1
COMMANDS = {
    "serve": ("serve", "--port", "0"),
    "migrate": ("migrate",),
    "stats": ("stats",),
    "replay": ("replay", "1"),
    "audit verify": ("audit", "verify"),
    "audit export": ("audit", "export"),
    "doctor": ("doctor",),
    "worker": ("worker",),
    "token create": ("token", "create", "--name", "dashboard"),
    "sessions list": ("sessions", "list"),
}
WITHOUT_DATABASE = {
    "policy check": (("policy", "check", "policy.yml"), 0),
    "policy schema": (("policy", "schema"), 0),
    "notify": (("notify", "test"), USAGE),
}
POLICY = "version: 1\nenvironments: {prod: {validation: {workflow: check.yml}}}\n"
DOWN = "postgresql+psycopg://gate:secret-word@127.0.0.1:1/gate"
KEY = make_key_pair()[0]


def surroundings(**variables: str) -> dict[str, str]:
    """Return an environment in which all settings but those given are good."""
    return {
        **os.environ,
        "GATE_GITHUB_APP_ID": "1",
        "GATE_GITHUB_PRIVATE_KEY": KEY,
        "GATE_GITHUB_WEBHOOK_SECRET": "a-secret-for-these-tests",
        "GATE_GITHUB_API_URL": "http://127.0.0.1:1",
        "GATE_GITHUB_OIDC_ISSUER": "http://127.0.0.1:1",
        **variables,
    }


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return run_gate(*command, environ=surroundings(**variables), folder=folder)


def broken(kind: str, folder: Path) -> str:
    """Return the address of a database that cannot be used."""
    text = folder / "text.db"
    text.write_text("this is text and was never a database of any kind\n" * 9)
    return {
        "down": DOWN,
        "no database": f"sqlite:///{text}",
        "no folder": f"sqlite:///{folder}/nowhere/gate.db",
        "not writable": "sqlite:////proc/gate.db",
    }[kind]


@pytest.mark.parametrize("kind", ["down", "no database", "no folder", "not writable"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_database_is_one_line(tmp_path: Path, command: str, kind: str) -> None:
    """Each command names the setting in one line, and ends with the status of its kind."""
    done = run(tmp_path, *COMMANDS[command], GATE_DATABASE_URL=broken(kind, tmp_path))
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stdout + done.stderr
    if command == "doctor":
        assert done.returncode == FAILED
        assert [it for it in done.stdout.splitlines() if it.startswith("fail database: ")]
        return
    assert done.returncode == CONFIGURATION
    told = done.stderr.splitlines()
    assert told[-1].startswith("  - GATE_DATABASE_URL: ")
    if kind == "not writable" and command in {"serve", "migrate"}:
        assert "/proc/gate.db cannot be written" in told[-1]


@pytest.mark.parametrize("kind", ["down", "no database", "no folder", "not writable"])
@pytest.mark.parametrize("command", WITHOUT_DATABASE)
def test_what_needs_no_database_does_not_ask_for_one(
    tmp_path: Path, command: str, kind: str
) -> None:
    """A policy is checked wherever it is."""
    (tmp_path / "policy.yml").write_text(POLICY)
    arguments, status = WITHOUT_DATABASE[command]
    done = run(tmp_path, *arguments, GATE_DATABASE_URL=broken(kind, tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert "secret-word" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("content", "status"), [(None, USAGE), (b"\xff\xfe\x00", FAILED), (b"", FAILED), (b"[", FAILED)]
)
def test_a_policy_that_is_none_is_told(tmp_path: Path, content: bytes | None, status: int) -> None:
    """No file, no text, no YAML."""
    if content is not None:
        (tmp_path / "policy.yml").write_bytes(content)
    done = run(tmp_path, "policy", "check", "policy.yml")
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "policy.yml" in done.stdout + done.stderr


CHANNELS = {
    "slack": {"GATE_SLACK_WEBHOOK_URL": "http://127.0.0.1:{port}/secret-word"},
    "webhook": {
        "GATE_ALERT_WEBHOOK_URL": "http://127.0.0.1:{port}/secret-word",
        "GATE_ALERT_WEBHOOK_SECRET": "a-secret-for-these-tests",
    },
    "notify": {"GATE_NOTIFY_URLS": "json://127.0.0.1:{port}/secret-word"},
    "email": {
        "GATE_SMTP_URL": "smtp://mona:secret-word@127.0.0.1:{port}",
        "GATE_ALERT_EMAIL_FROM": "gate@example.com",
        "GATE_ALERT_EMAIL_TO": "oncall@example.com",
    },
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_that_is_out_of_reach_is_one_line(tmp_path: Path, channel: str) -> None:
    """Its name, and why; an address of a channel is a secret."""
    variables = {
        name: value.format(port=unused_port()) for name, value in CHANNELS[channel].items()
    }
    done = run(tmp_path, "notify", "test", **variables)
    assert (done.returncode, done.stderr) == (FAILED, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"fail {channel}: ")
    assert "secret-word" not in line


class Page(BaseHTTPRequestHandler):
    """A web server that has a page for everybody."""

    status = HTTPStatus.OK

    def do_GET(self) -> None:
        """Answer with the page."""
        body = b"<!doctype html><title>Welcome</title>"
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as above

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(params=[HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN])
def another_service(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve pages where the API of GitHub should be; give the address."""
    kind = type("AnyPage", (Page,), {"status": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


NO_API = "a web page, so another service answers in place of GitHub's API"


def test_an_api_of_another_service_is_told_by_the_doctor(
    tmp_path: Path, another_service: str
) -> None:
    """Whatever status it answers with: a 404 of theirs is none of GitHub's."""
    database = f"sqlite:///{tmp_path}/gate.db"
    done = run(tmp_path, "doctor", GATE_DATABASE_URL=database, GATE_GITHUB_API_URL=another_service)
    assert (done.returncode, "Traceback" in done.stderr) == (FAILED, False)
    (line,) = [it for it in done.stdout.splitlines() if it.startswith("fail App: ")]
    assert NO_API in line
    assert "check GATE_GITHUB_API_URL" in line


def test_an_api_of_another_service_is_one_line_of_the_log(
    tmp_path: Path, another_service: str
) -> None:
    """The service stays up and holds; its log says what answers there."""
    variables = {
        "GATE_DATABASE_URL": f"sqlite:///{tmp_path}/gate.db",
        "GATE_GITHUB_API_URL": another_service,
        "GATE_SWEEP_SECONDS": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "serve", "--port", "0"],
        env=surroundings(**variables),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        deadline = threading.Timer(60, process.kill)
        deadline.start()
        try:
            told = next((line for line in process.stderr if NO_API in line), "")
        finally:
            deadline.cancel()
            process.terminate()
            rest = process.stderr.read()
    assert "github_unavailable" in told
    assert "Traceback" not in rest


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """Neither the gate nor the simulator answers a port in use with a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = [run(tmp_path, it, "--port", port) for it in ("simulator", "serve", "demo")]
    assert [it.returncode for it in found] == [USAGE, CONFIGURATION, CONFIGURATION]
    for done in found:
        assert "Traceback" not in done.stderr
        assert port in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("host", ["10.0.0.1", "example.com", "0.0.0.0"])  # noqa: S104 - it is refused
def test_the_simulator_stays_on_loopback(tmp_path: Path, host: str) -> None:
    """A host that is not loopback is an error of usage."""
    done = run(tmp_path, "simulator", "--host", host)
    assert done.returncode == USAGE
    assert "Traceback" not in done.stderr
    assert "stays on loopback" in done.stderr.splitlines()[-1]


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody else may read the database or the files beside it."""
    before = os.umask(0)
    try:
        done = run(tmp_path, "migrate", GATE_DATABASE_URL=f"sqlite:///{tmp_path}/gate.db")
    finally:
        os.umask(before)
    assert done.returncode == 0
    made = list(tmp_path.iterdir())
    assert tmp_path / "gate.db" in made
    assert {stat.S_IMODE(it.stat().st_mode) for it in made} == {0o600}
