"""`gate requests` and `gate incidents`: why something is held has a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gate.cli import gate as command
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


@pytest.fixture
def run_id(gate: Gate) -> int:
    """Hold one deployment because of a failed validation, beside one that was let go."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return run_id


def ask(tmp_path: Path, *words: str) -> Result:
    """Run a command beside the service."""
    runner = CliRunner(env={"GATE_DATABASE_URL": f"sqlite:///{tmp_path}/gate.db", "COLUMNS": "200"})
    return runner.invoke(command, words, catch_exceptions=False)


def read(tmp_path: Path, *words: str) -> Any:
    """Run a command for its JSON document."""
    done = ask(tmp_path, *words, "--json")
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_the_list_tells_what_is_held(tmp_path: Path, run_id: int) -> None:
    """All of them, or only what waits; for people and for programs."""
    everything = ask(tmp_path, "requests").stdout
    assert "validation_passed" in everything
    held = ask(tmp_path, "requests", "--held", "--repo", REPOSITORY).stdout
    assert str(run_id) in held
    assert "validation_failed" in held
    assert "validation_passed" not in held
    (listed,) = read(tmp_path, "requests", "--held")["requests"]
    assert (listed["run_id"], listed["environment"]) == (run_id, ENVIRONMENT)


def test_one_request_is_explained(gate: Gate, tmp_path: Path, run_id: int) -> None:
    """By its number or its page at GitHub: where it stands, each rule, what to do."""
    number = str(gate.record(run_id).id)
    page = f"https://github.example/{REPOSITORY}/actions/runs/{run_id}"
    by_number, by_page = (ask(tmp_path, "requests", "show", it).stdout for it in (number, page))
    assert by_number == by_page
    assert f"{REPOSITORY} {ENVIRONMENT}, run {run_id}" in by_number
    assert "On hold: production validation failed" in by_number
    assert "FAILED" in by_number
    assert "looks again: " in by_number
    shown = read(tmp_path, "requests", "show", number)
    failed = [it for it in shown["rules"] if it["outcome"] == "failed"]
    assert [it["reason"] for it in failed] == ["validation_failed"]
    assert any("/override" in it["words"] or it["text"] for it in shown["actions"])


@pytest.mark.parametrize(
    ("which", "problem"),
    [
        ("4711", "no such request"),
        ("main", "write a request's number, or the URL of a run"),
        ("https://github.example/octo-org/other/actions/runs/1", "does not know this repository"),
        (f"https://github.example/{REPOSITORY}/actions/runs/1", "no such request"),
    ],
)
def test_what_is_not_there(tmp_path: Path, run_id: int, which: str, problem: str) -> None:
    """Each wrong name has a sentence of its own."""
    done = ask(tmp_path, "requests", "show", which)
    assert (run_id > 0, done.exit_code) == (True, 2)
    assert problem in done.stderr


def test_a_name_moves_no_cursor(gate: Gate, tmp_path: Path) -> None:
    """Whoever may make an environment chooses its name."""
    environment = "production\x1b[2J"
    gate.github.protect_environment(REPOSITORY, environment)
    gate.github.deploy(REPOSITORY, environment)
    gate.settle()
    for words in (("requests",), ("requests", "show", "1")):
        said = ask(tmp_path, *words).stdout
        assert "production[2J" in said
        assert "\x1b" not in said


def test_a_decision_is_explained_with_its_facts(tmp_path: Path, run_id: int) -> None:
    """By the repository and the run; the document has what the decision rests on."""
    words = ("policy", "explain", "--repo", REPOSITORY, "--run", str(run_id))
    said = ask(tmp_path, *words).stdout
    assert "what would change it: A successful run of production-validation.yml." in said
    assert "the server's policy: " in said
    shown = read(tmp_path, *words)
    assert shown["facts"]["validations"]
    assert shown["policies"][0]["sha256"]
    other = ask(tmp_path, "policy", "explain", "--repo", REPOSITORY, "--run", "1")
    assert (other.exit_code, "no such request" in other.stderr) == (2, True)
    wrong = ask(tmp_path, "policy", "explain", "--repo", REPOSITORY, "--run", "main")
    assert "a run's id, or its URL" in wrong.stderr


def test_incidents(tmp_path: Path, run_id: int) -> None:
    """The list, one of them, and both as JSON."""
    assert run_id
    (listed,) = read(tmp_path, "incidents", "--open")["incidents"]
    assert (listed["repository"], listed["state"]) == (REPOSITORY, "open")
    assert REPOSITORY in ask(tmp_path, "incidents").stdout
    number = str(listed["id"])
    shown = ask(tmp_path, "incidents", "show", number).stdout
    assert f"incident {number}: {REPOSITORY}" in shown
    document = read(tmp_path, "incidents", "show", number)
    assert document["timeline"][0]["kind"]
    assert ask(tmp_path, "incidents", "show", "4711").exit_code == 2


def test_an_empty_record(gate: Gate, tmp_path: Path) -> None:
    """Nothing is said in a word."""
    gate.settle()
    assert ask(tmp_path, "requests").stdout == "no request\n"
    assert ask(tmp_path, "incidents").stdout == "no incident\n"
