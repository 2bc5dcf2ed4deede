"""A failing start ends the process, and connections leave file descriptors for the database."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.process.served_process import DEADLINE

_FAILING = """
from flask import Flask
from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.server import serve

def start():
    raise LookupError("no worker")

serve(BufferingShell(Flask("x"), Lifecycle(start, lambda: None)), "127.0.0.1", 0)
"""


def test_a_start_that_fails_ends_the_process() -> None:
    """The server would otherwise go on without a worker, which nobody notices for long."""
    ended = subprocess.run(
        [sys.executable, "-c", _FAILING], capture_output=True, timeout=DEADLINE, check=False
    )

    assert ended.returncode == 1
    assert b"LookupError: no worker" in ended.stderr


_COUNTING = """
import resource, sys
from gate.web.door.server import most_connections

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(most_connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [(1024, 1024, "896 1024"), (256, 1000, "872 1000"), (1024, 10_000, "4096 4224")],
)
def test_connections_leave_descriptors_for_the_database(
    soft: int, hard: int, expected: str
) -> None:
    """A flood of connections must not keep the service from opening a file."""
    counted = subprocess.run(
        [sys.executable, "-c", _COUNTING, str(soft), str(hard)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )

    assert counted.stdout.strip() == expected
