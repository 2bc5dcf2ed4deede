"""The command line: argument parsing and printing, nothing else.

Each command is a module of its own, imported when it is called, so that `gate --help` answers at
once. Usage errors exit 2, configuration errors 78 with every problem listed, both on stderr.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click

from gate import __version__
from gate.cli.service.interpreter import start_quickly
from gate.errors import ConfigError

EXIT_CONFIG: Final = 78
"""EX_CONFIG of sysexits.h: the service cannot run as it is configured."""

_COMMANDS: Final = {
    "serve": ("gate.cli.service.serve", "serve"),
    "worker": ("gate.cli.service.worker", "worker"),
    "migrate": ("gate.cli.database.migrate", "migrate"),
    "backup": ("gate.cli.database.backup", "backup"),
    "database": ("gate.cli.database.copy", "database"),
    "demo": ("gate.cli.demo", "demo"),
    "simulator": ("gate.cli.simulator", "simulator"),
    "doctor": ("gate.cli.doctor", "doctor"),
    "requests": ("gate.cli.requests", "requests"),
    "incidents": ("gate.cli.incidents", "incidents"),
    "nodes": ("gate.cli.nodes", "nodes"),
    "token": ("gate.cli.access.token", "token"),
    "sessions": ("gate.cli.access.sessions", "sessions"),
    "notify": ("gate.cli.notify", "notify"),
    "policy": ("gate.cli.policy.group", "policy"),
    "audit": ("gate.cli.audit.group", "audit"),
    "stats": ("gate.cli.statistics.stats", "stats"),
    "probe": ("gate.cli.probe", "probe"),
    "replay": ("gate.cli.audit.replay", "replay"),
}


class _LazyGroup(click.Group):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gate")
def gate() -> None:
    """Hold deployments until production validation is green.

    GitHub asks the gate whether a deployment may continue. The gate answers from the latest
    production validation. Configure it with environment variables, and check them with
    `gate doctor`.
    """


def main() -> None:
    """Run the command line and exit."""
    start_quickly()
    try:
        gate()
    except ConfigError as error:
        click.echo("gate: the configuration is invalid:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        sys.exit(EXIT_CONFIG)
