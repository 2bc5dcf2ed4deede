"""What production installs is what the suite was run with, and nothing comes without a hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / ".lock"
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z, ]+\])?==(\S+)(?: ;[^\\]+)? \\$", re.MULTILINE)


def entries(name: str) -> list[str]:
    """Split a lock into its requirements, each with the lines that belong to it."""
    return re.split(
        r"^(?=[a-z0-9])", (LOCK / name).read_text(encoding="utf-8"), flags=re.MULTILINE
    )[1:]


def pins(name: str) -> list[tuple[str, str]]:
    """Read package and version of each requirement; a package may have one for each Python."""
    found: list[tuple[str, str]] = PIN.findall((LOCK / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt", "dev.txt"])
def test_each_requirement_is_pinned_and_has_a_hash(name: str) -> None:
    """A requirement without either would let an index choose what is installed."""
    found = entries(name)

    assert len(found) == len(pins(name)) > 0
    assert [it for it in found if "--hash=sha256:" not in it] == []


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt"])
def test_production_and_the_suite_have_the_same_versions(name: str) -> None:
    """A package that production installs was there in the same version when the tests were run."""
    assert set(pins(name)) <= set(pins("dev.txt"))
