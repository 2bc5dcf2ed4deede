"""What contributors and GitHub read about the project agrees with what the project has."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COOLDOWN_DAYS = 7
HOOKS: list[dict[str, Any]] = [
    hook
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
        "repos"
    ]
    for hook in repo["hooks"]
]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda it: it["id"])
def test_a_hook_runs_a_tool_that_setup_installs(hook: dict[str, Any]) -> None:
    """It is in .venv in the locked version, and not fetched by pre-commit."""
    program = Path(shlex.split(hook["entry"])[0])

    assert hook["language"] == "system"
    assert program.parent == Path(".venv/bin")
    assert Path(sys.executable).with_name(program.name).exists()


def test_updates_wait_for_a_week_and_leave_nothing_out() -> None:
    """As `make lock` does; each kind of thing that is pinned here has its updates."""
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    updates = config["updates"]

    assert {it["cooldown"]["default-days"] for it in updates} == {COOLDOWN_DAYS}
    assert {it["package-ecosystem"] for it in updates} == {
        "pip",
        "github-actions",
        "docker",
        "docker-compose",
    }
    assert 'exclude-newer = "1 week"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for it in updates:
        for folder in it.get("directories", [it.get("directory")]):
            assert list(ROOT.glob(folder.strip("/") or "*")), folder


def test_code_owners_name_places_that_exist() -> None:
    """A rule for a folder that was moved would ask nobody."""
    lines = (ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]

    assert rules[0][0] == "*"
    assert [it[0] for it in rules[1:] if not (ROOT / it[0].strip("/")).exists()] == []


def test_the_development_container_sets_up_by_the_makefile() -> None:
    """It needs no list of tools of its own, and its Python is one that the gate runs on."""
    path = ROOT / ".devcontainer" / "devcontainer.json"
    container = json.loads(path.read_text(encoding="utf-8"))

    assert container["postCreateCommand"] == "make setup"
    assert "python:3.13" in container["image"]
