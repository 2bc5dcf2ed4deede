"""`gate token`: create tokens for reading the API."""

from __future__ import annotations

import secrets
from hashlib import sha256

import click

_BYTES = 32


@click.group()
def token() -> None:
    """Create tokens for reading the API."""


@token.command()
@click.argument("name")
def create(name: str) -> None:
    """Print a new token for NAME, and what to add to GATE_API_TOKENS.

    The token is shown once and not stored; the setting holds only its SHA-256. To revoke it, remove
    it from the setting and restart the gate. Example:

        gate token create dashboard
    """
    from gate.settings import is_token_name

    if not is_token_name(name):
        raise click.BadParameter(
            "start with a letter or digit, then use letters, digits, dots, dashes and underscores;"
            " at most 64 characters",
            param_hint="NAME",
        )
    made = f"gate_{secrets.token_urlsafe(_BYTES)}"
    entry = f"{name}:{sha256(made.encode()).hexdigest()}"
    click.echo(f"token: {made}")
    click.echo(f"GATE_API_TOKENS: {entry}")
