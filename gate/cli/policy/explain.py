"""`gate policy explain`: what the policy made of one run, rule by rule."""

from __future__ import annotations

import click

from gate.cli.explanation import describe_request, find_run, print_request
from gate.cli.json_output import print_json


@click.command()
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Repository, by name or id.")
@click.option("--run", required=True, metavar="ID|URL", help="Run of a deployment.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON document, with the facts on record."
)
def explain(repo: str, run: str, *, as_json: bool) -> None:
    """Explain the newest decision on a run, from the record.

    Each rule with the value that was seen and the value that the policy wants, the verdict, what
    would change it, and when the gate looks again. Safe while the service runs; only
    GATE_DATABASE_URL is required. Example:

        gate policy explain --repo acme/shop --run 123
    """
    from gate.cli.database.beside_service import database_beside_service, find_repository

    with database_beside_service() as database:
        found = database.read(lambda it: find_run(it, find_repository(it, repo, "--repo"), run))
    if not as_json:
        print_request(found)
        return
    decided = found.record.decision
    facts = decided.facts if decided is not None else None
    print_json({**describe_request(found), "facts": facts})
