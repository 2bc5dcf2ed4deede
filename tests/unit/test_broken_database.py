"""What a command says of a database that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", ["migrate", "stats"])
@pytest.mark.parametrize("kind", ["no database", "out of reach"])
def test_no_traceback_reaches_a_person(tmp_path: Path, command: str, kind: str) -> None:
    """A file that is not SQLite, and a PostgreSQL that is down, are told in words: status 78."""
    file = tmp_path / "text.db"
    file.write_text("this is text and was never a database of any kind\n" * 9)
    down = "postgresql+psycopg://gate:secret-word@127.0.0.1:1/gate"
    url = f"sqlite:///{file}" if kind == "no database" else down
    done = subprocess.run(
        [sys.executable, "-m", "gate", command],
        env={**os.environ, "GATE_DATABASE_URL": url},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "Traceback" not in done.stderr
    assert "  - GATE_DATABASE_URL: " in done.stderr
    assert "secret-word" not in done.stderr
