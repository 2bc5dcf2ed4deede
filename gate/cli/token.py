"""`gate token`: make tokens that may read the API."""

from __future__ import annotations

import secrets
from hashlib import sha256

import click

_BYTES = 32


@click.group()
def token() -> None:
    """Make tokens that may read the API."""


@token.command()
@click.argument("name")
def create(name: str) -> None:
    """Print a new token for NAME, and what to add to GATE_API_TOKENS.

    The token is shown this once and stored nowhere; the setting holds its SHA-256 only. To revoke
    it, take it out of the setting and restart the gate. Example:

        gate token create dashboard
    """
    from gate.settings import is_token_name

    if not is_token_name(name):
        raise click.BadParameter(
            "begin with a letter or digit; then letters, digits, dots, dashes and underscores,"
            " 64 characters at most",
            param_hint="NAME",
        )
    made = f"gate_{secrets.token_urlsafe(_BYTES)}"
    entry = f"{name}:{sha256(made.encode()).hexdigest()}"
    click.echo(f"token: {made}")
    click.echo(f"GATE_API_TOKENS: {entry}")
