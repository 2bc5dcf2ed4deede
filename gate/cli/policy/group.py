"""`gate policy`: the commands about policy files."""

from __future__ import annotations

import click

from gate.cli.policy.check import check
from gate.cli.policy.explain import explain
from gate.cli.policy.schema import schema


@click.group()
def policy() -> None:
    """Check a policy file before you merge it, and explain decisions."""


policy.add_command(check)
policy.add_command(explain)
policy.add_command(schema)
