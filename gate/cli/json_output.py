"""Print a JSON document for programs: times in ISO 8601, indented for people who look at it."""

from __future__ import annotations

import click


def print_json(document: object) -> None:
    """Print a document of builtins, times and frozen values on standard output."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))
