"""A release has the notes of the changelog, and none is made without notes."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gate

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "release_notes.py"
BASE_URL = "https://example.com/blob/v1.2.0"
CHANGELOG = """# Changelog

## [Unreleased]

- Not yet.

## [1.2.0] - 2026-03-02

### Added

- A thing that takes
  two lines, see [the page](docs/page.md).
- Another, see [elsewhere](https://example.com/x).

## [1.1.0]

- No date.

## [1.0.0] - 2026-01-01
"""


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """The names that the script defines."""
    return runpy.run_path(str(SCRIPT))


def test_notes_are_the_section_of_the_version(script: dict[str, Any]) -> None:
    """Nothing of another release; each item on one line, and links that work from elsewhere."""
    notes = script["render_notes"](CHANGELOG, "1.2.0", BASE_URL)

    assert notes.splitlines() == [
        "### Added",
        "",
        f"- A thing that takes two lines, see [the page]({BASE_URL}/docs/page.md).",
        "- Another, see [elsewhere](https://example.com/x).",
    ]


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0", "2.0.0", "1.2", "Unreleased"])
def test_a_version_without_a_dated_section_is_no_release(
    script: dict[str, Any], version: str
) -> None:
    """No date, no text, not there, only a part of a name, or not a version at all."""
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md has no section"):
        script["render_notes"](CHANGELOG, version, "")


def run(tag: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the release workflow does."""
    command = [sys.executable, str(SCRIPT), tag]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_release_of_this_code_has_notes() -> None:
    """The tag that the code asks for is found in the real changelog."""
    done = run(f"v{gate.__version__}")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("### ")


@pytest.mark.parametrize("tag", [gate.__version__, "v9.9.9", f"v{gate.__version__}.1"])
def test_a_tag_that_does_not_name_the_version_of_the_code_is_refused(tag: str) -> None:
    """Nothing is printed, and the message names both."""
    done = run(tag)

    assert done.returncode == 1
    assert done.stdout == ""
    assert tag in done.stderr
    assert gate.__version__ in done.stderr
