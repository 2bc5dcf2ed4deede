"""`gate probe`: check on a real repository whether GitHub behaves as the gate assumes."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.option("--repo", "repository", metavar="O/R", required=True, help="The repository.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of lines.")
def probe(repository: str, *, as_json: bool) -> None:
    """Compare GitHub's behavior with the gate's assumptions.

    Reads only. Prints one line for each experiment in docs/how-to/verify-on-github.md: as
    assumed, differs, or could not be seen. Exits 1 when something differs or the repository
    cannot be read. Example:

        gate probe --repo octo-org/frontend
    """
    from gate.errors import GateError
    from gate.log import configure_logging
    from gate.probe import Result
    from gate.probe import probe as observe
    from gate.settings import load_settings

    owner, _, name = repository.partition("/")
    if not owner or not name or "/" in name:
        raise click.BadParameter("write it as owner/name", param_hint="--repo")
    settings = load_settings()
    # To stderr: what is printed is for other programs too.
    configure_logging(settings.log_format)
    observations = []
    try:
        for it in observe(settings, repository):
            observations.append(it)
            if not as_json:
                click.echo(f"{it.result}: {it.experiment}: {it.seen}")
    except GateError as error:
        if error.reason == "not_found":
            message = f"the App is not installed on {repository}, or the repository does not exist"
        else:
            message = f"{repository} cannot be read: {error.reason}: {error.detail}"
        click.echo(message, err=True)
        sys.exit(1)
    if as_json:
        items = [
            {"experiment": it.experiment, "result": it.result.value, "seen": it.seen}
            for it in observations
        ]
        click.echo(json.dumps({"repository": repository, "experiments": items}, indent=2))
    sys.exit(1 if any(it.result is Result.DIFFERS for it in observations) else 0)
