"""A gate and a runner's token service over real HTTP, and the actions as real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.http_server import serving

ROOT = Path(__file__).parents[2]
ACTIONS = ROOT / ".github" / "actions"
PROCESS_SECONDS = 60
BEARER = "the-runners-own-token"


@dataclass(frozen=True)
class Reply:
    """What the stage answers; `drop` hangs up instead."""

    status: int = 202
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass(frozen=True)
class Received:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)


class Stage:
    """Answers as told, and keeps what it was asked. Each token is a new one."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.gate: list[Reply] = []
        """Answers of the gate in turn; the last one stays. Without any it takes all."""
        self.issuer: list[Reply] = []
        self.posts: list[Received] = []
        self.token_requests: list[Received] = []
        self.others: list[Received] = []
        self.tokens: list[str] = []
        self._numbers = count(1)

    def answer(self, received: Received) -> Reply:
        if urlsplit(received.path).path == "/token":
            self.token_requests.append(received)
            return _next(self.issuer) or self._issue()
        if received.path.startswith("/api/"):
            self.posts.append(received)
            return _next(self.gate) or Reply()
        self.others.append(received)
        return Reply()

    def _issue(self) -> Reply:
        token = f"head.{next(self._numbers)}-payload.signature"
        self.tokens.append(token)
        return Reply(200, {"value": token, "count": 1})


def _next(replies: list[Reply]) -> Reply | None:
    if not replies:
        return None
    return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Serve a stage on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, self.path, headers, self.rfile.read(size))
            reply = stage.answer(received)
            if reply.drop:
                self.close_connection = True
                return
            body = reply.body
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's name
            """Log nothing."""

    with serving(Handler) as port:
        stage = Stage(port)
        yield stage


@dataclass(frozen=True)
class Outcome:
    """What a step left behind."""

    status: int
    stdout: str
    stderr: str
    summary: str
    outputs: dict[str, str]

    def annotations(self, level: str) -> list[str]:
        """Return the messages of one level, as they were written."""
        return [it for it in self.stdout.splitlines() if it.startswith(f"::{level} ")]


def run_step(
    action: str, folder: Path, inputs: dict[str, str], stage: Stage | None, **variables: str
) -> Outcome:
    """Run an action's command in `folder`, with nothing from this environment but `variables`.

    The defaults are those of its `action.yml`.
    """
    summary, output = folder / "summary.md", folder / "output.txt"
    environment = {
        "PATH": os.defpath,
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "12345",
        "INPUT_FAIL_ON_ERROR": "true",
        "INPUT_TIMEOUT_SECONDS": "10",
        # A hostile checkout must not change what is imported.
        "PYTHONPATH": str(folder),
        **variables,
        **{f"INPUT_{name.upper().replace('-', '_')}": value for name, value in inputs.items()},
    }
    if stage is not None:
        environment |= {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{stage.url}/token?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        }
    command = [sys.executable, "-I", "-S", "-B", str(ACTIONS / action / ".." / "_report"), action]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PROCESS_SECONDS,
    )
    return Outcome(
        status=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        summary=summary.read_text(encoding="utf-8") if summary.exists() else "",
        outputs=read_outputs(output.read_text(encoding="utf-8") if output.exists() else ""),
    )


def read_outputs(text: str) -> dict[str, str]:
    """Read outputs as the runner does, each between its own marks."""
    found = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _mark, value in found}
