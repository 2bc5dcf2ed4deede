"""`gate policy schema`: print the JSON Schema of policy files."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of policy files.

    For editors and other tools. Example:

        gate policy schema > deployment-gate.schema.json
    """
    from gate.policyfile import policy_schema

    click.echo(json.dumps(policy_schema(), indent=2))
