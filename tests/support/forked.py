"""Start processes of the gate as forks of one that has imported its modules.

Importing them takes a second of a core, and the tests start hundreds. From its `main` on, such a
process is as any other: it has an environment, a folder, signals and an exit status of its own.
Tests of the start itself, and of what a process imports, run `python -m gate`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gate.cli import main as gate

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.forked_modules"])


class ForkedProcess:
    """A process with the methods of `subprocess.Popen` that the tests use.

    It writes to the files of the paths given, and to nowhere without.
    """

    def __init__(
        self,
        main: Callable[[], None],
        *arguments: str,
        environ: Mapping[str, str],
        folder: Path | None = None,
        stdout: Path | None = None,
        stderr: Path | None = None,
    ) -> None:
        output = tuple(str(it or os.devnull) for it in (stdout, stderr))
        start = (main, arguments, dict(environ), str(folder or Path.cwd()), output)
        self._process = _FORKS.Process(target=_run, args=start, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Return its number."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit status; None while it lives, and below zero for a signal."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Wait for the end, and return the exit status."""
        self._process.join(seconds)
        status = self.poll()
        assert status is not None, "the process lives on"
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def run_gate(
    *arguments: str,
    environ: Mapping[str, str],
    folder: Path | None = None,
    seconds: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command of the gate to its end, and return what it wrote."""
    with TemporaryDirectory() as written:
        out, err = Path(written, "out"), Path(written, "err")
        process = ForkedProcess(
            gate, *arguments, environ=environ, folder=folder, stdout=out, stderr=err
        )
        try:
            status = process.wait(seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())


def _run(
    main: Callable[[], None],
    arguments: tuple[str, ...],
    environ: dict[str, str],
    folder: str,
    output: tuple[str, str],
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for number, path in enumerate(output, 1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["gate", *arguments]
    main()
