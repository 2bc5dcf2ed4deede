"""`gate policy check`: list every problem of policy files, for people, programs or GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from gate.domain.model.policy.policy import InvalidPolicy, LoadedPolicy, Problem

Readings = Mapping[Path, LoadedPolicy | InvalidPolicy]


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--github", "as_annotations", is_flag=True, help="Print annotations for GitHub Actions."
)
def check(files: Sequence[Path], *, as_json: bool, as_annotations: bool) -> None:
    """Check policy files and list every problem with its line and column.

    Exits 1 if there is a problem. Example:

        gate policy check .github/deployment-gate.yml
    """
    from gate.policyfile import parse_policy

    if as_json and as_annotations:
        raise click.UsageError("--json and --github exclude each other")
    readings = {file: parse_policy(file.read_bytes(), str(file)) for file in files}
    count = sum(len(it.problems) for it in readings.values() if isinstance(it, InvalidPolicy))
    if as_json:
        click.echo(json.dumps({"files": [_as_json(*it) for it in readings.items()]}, indent=2))
    else:
        _print(readings, _annotation if as_annotations else _line)
        if count:
            click.echo(f"{count} {'problem' if count == 1 else 'problems'}", err=True)
    if count:
        raise SystemExit(1)


def _print(readings: Readings, spell: Callable[[Path, Problem], str]) -> None:
    for file, reading in readings.items():
        match reading:
            case InvalidPolicy(problems):
                for problem in problems:
                    click.echo(spell(file, problem))
            case LoadedPolicy(policy=policy, digest=digest):
                names = ", ".join(sorted(policy.environments))
                click.echo(f"{file}: ok, gates {names} (sha256 {digest[:12]})")


def _line(file: Path, problem: Problem) -> str:
    place = f"{file}:{problem.line}:{problem.column}"
    return f"{place}: {problem.path or 'file'}: {problem.message}"


def _annotation(file: Path, problem: Problem) -> str:
    """Spell a problem as a command of a workflow's log, which GitHub shows at the line.

    What a file says must not end the command, or begin another one.
    """
    properties = {
        "file": str(file),
        "line": str(problem.line),
        "col": str(problem.column),
        "title": problem.path or "file",
    }
    named = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    return f"::error {named}::{_data(problem.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _as_json(file: Path, reading: LoadedPolicy | InvalidPolicy) -> dict[str, Any]:
    """Describe one file; `problems` is empty exactly where the policy is valid."""
    environments: list[str] = []
    problems: Sequence[Problem] = ()
    match reading:
        case LoadedPolicy(policy=policy):
            environments = sorted(policy.environments)
        case InvalidPolicy():
            problems = reading.problems
    return {
        "file": str(file),
        "valid": not problems,
        "sha256": reading.digest,
        "environments": environments,
        "problems": [
            {"line": it.line, "column": it.column, "path": it.path, "message": it.message}
            for it in problems
        ],
    }
