"""`gate policy check`: list every problem of a policy file."""

from __future__ import annotations

from pathlib import Path

import click

from gate.domain.model.policy.policy import InvalidPolicy, LoadedPolicy


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Check FILE and list every problem with its line and column.

    Exits 1 if there is a problem. Example:

        gate policy check .github/deployment-gate.yml
    """
    from gate.policyfile import parse_policy

    match parse_policy(file.read_bytes(), str(file)):
        case InvalidPolicy(problems):
            for problem in problems:
                click.echo(
                    f"{file}:{problem.line}:{problem.column}: {problem.path or 'file'}:"
                    f" {problem.message}"
                )
            noun = "problem" if len(problems) == 1 else "problems"
            click.echo(f"{len(problems)} {noun}", err=True)
            raise SystemExit(1)
        case LoadedPolicy(policy=loaded, digest=digest):
            names = ", ".join(sorted(loaded.environments))
            click.echo(f"{file}: ok, gates {names} (sha256 {digest[:12]})")
