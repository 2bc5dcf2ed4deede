"""Each command needs no more than it uses, and its help can be copied from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gate.cli import gate
from gate.errors import ConfigError
from tests.support.forked import run_gate


def commands(group: click.Group, path: str = "gate") -> Iterator[tuple[str, click.Command]]:
    """Return every command below a group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command


@pytest.mark.parametrize("command", [pytest.param(it, id=path) for path, it in commands(gate)])
def test_an_example_stands_apart(command: click.Command) -> None:
    """The help of a command ends with an example in lines of its own, not in a paragraph."""
    lines = command.get_help(click.Context(command)).split("Options:")[0].splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.endswith("Example:")]
    assert lines[at + 1].strip() == ""
    assert " gate " in lines[at + 2]


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List the words that call a command and each below it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from paths(below, (*path, name))


@pytest.mark.parametrize("path", list(paths(gate)), ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(path: tuple[str, ...]) -> None:
    """No line is longer, and no summary of a command is cut short."""
    run = CliRunner(env={"COLUMNS": "80"})
    lines = run.invoke(gate, [*path, "--help"], catch_exceptions=False).output.splitlines()

    assert lines[0].startswith("Usage: ")
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage:")] == []


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("gate serv", ["serve"]),
        ("gate audit ", ["export", "mark-restored", "verify"]),
        ("gate notify test e", ["email"]),
        ("gate audit export --s", ["--since"]),
    ],
)
def test_a_shell_completes_commands_options_and_values(words: str, completed: list[str]) -> None:
    """What docs/reference/cli.md says to put into the shell's startup file works."""
    before, _, word = words.rpartition(" ")
    env = {
        **os.environ,
        "_GATE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(before.split())),
    }
    script = Path(sys.executable).with_name("gate")
    done = subprocess.run([script], env=env, capture_output=True, timeout=60, check=True)

    assert word == "" or completed[0].startswith(word)
    assert [line.partition(",")[2] for line in done.stdout.decode().splitlines()] == completed


def test_migrate_needs_only_the_database(tmp_path: Path) -> None:
    """Who prepares the schema has no key of the App and no secret of its webhooks."""
    run = CliRunner(env={"GATE_DATABASE_URL": f"sqlite:///{tmp_path}/gate.db"}).invoke
    assert "migrated from empty" in run(gate, ["migrate"], catch_exceptions=False).output
    assert "the schema is current" in run(gate, ["migrate"], catch_exceptions=False).output


def test_a_server_with_options_is_no_missing_file() -> None:
    """The options of PostgreSQL's URL, such as those for TLS, are the driver's business."""
    url = "postgresql+psycopg://gate@127.0.0.1:1/gate?sslmode=disable"
    with pytest.raises(ConfigError, match="connection"):
        CliRunner(env={"GATE_DATABASE_URL": url}).invoke(
            gate, ["audit", "export"], catch_exceptions=False, standalone_mode=False
        )


@pytest.mark.parametrize("arguments", [["serve", "--no-worker"], ["worker"]])
def test_what_needs_postgresql_leaves_no_file(arguments: list[str], tmp_path: Path) -> None:
    """A command that refuses SQLite has not made a database first."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    # A process of its own: these commands set up logging for good.
    env = {
        **os.environ,
        "GATE_DATABASE_URL": f"sqlite:///{tmp_path}/gate.db",
        "GATE_GITHUB_APP_ID": "1",
        "GATE_GITHUB_PRIVATE_KEY": pem.decode(),
        "GATE_GITHUB_WEBHOOK_SECRET": "only-for-this-test",
    }
    done = run_gate(*arguments, environ=env)
    assert done.returncode == 78
    assert "SQLite" in done.stderr
    assert list(tmp_path.iterdir()) == []
