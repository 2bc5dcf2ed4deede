"""`gate policy check`: what people, programs and GitHub are told of a policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gate.cli.policy.check import check

VALID = "version: 1\nenvironments:\n  production: {}\n"
WRONG = "version: 1\nenvironments:\n  'a, b: %0A': {validation: {max_agee: 2h}}\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write a valid policy and one with a problem."""
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(VALID)
    bad.write_text(WRONG)
    return str(good), str(bad)


def test_several_files(files: tuple[str, str]) -> None:
    """Each is named; one problem fails all."""
    good, bad = files
    done = CliRunner().invoke(check, [good, bad])
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{good}: ok, gates production (sha256 ")
    assert second.startswith(f"{bad}:3:")
    assert done.stderr == "1 problem\n"
    assert CliRunner().invoke(check, [good]).exit_code == 0


def test_json(files: tuple[str, str]) -> None:
    """One document; the digest is the one on record."""
    good, bad = files
    done = CliRunner().invoke(check, ["--json", good, bad])
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)["files"]
    assert (first["file"], first["valid"], first["environments"]) == (good, True, ["production"])
    assert (first["problems"], len(first["sha256"])) == ([], 64)
    assert (second["valid"], second["environments"]) == (False, [])
    (problem,) = second["problems"]
    assert problem["line"] == 3
    assert "did you mean `max_age`?" in problem["message"]


def test_annotations_stay_one_command(files: tuple[str, str]) -> None:
    """Whatever a file calls its environments, it neither ends the command nor adds to it."""
    _, bad = files
    done = CliRunner().invoke(check, ["--github", bad])
    (line,) = done.stdout.splitlines()
    head, _, message = line.removeprefix("::error ").partition("::")
    names = [it.partition("=")[0] for it in head.split(",")]
    assert names == ["file", "line", "col", "title"]
    assert "%250A" in head
    assert message.startswith("unknown key")


def test_two_forms_at_once_are_refused(files: tuple[str, str]) -> None:
    """Nobody could read a mixture."""
    done = CliRunner().invoke(check, ["--github", "--json", files[0]])
    assert done.exit_code == 2
    assert "exclude each other" in done.stderr
